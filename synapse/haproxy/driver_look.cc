// The part of the driver that reads what HAProxy has, and finds what others did to it.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "common/time/beat.h"
#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/runtime_codec.h"

namespace synapse::haproxy {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Whether HAProxy is still the one that we know, and whether its servers are as we left them. Where the answer is long
// it is asked for less often, so that reading it takes half a percent of the time; while a server waits for its first
// check, five.
constexpr seconds kLookInterval{2};
constexpr seconds kLookAtLeastEvery{10};
constexpr int kLookShare = 200;
constexpr milliseconds kVerifyInterval{100};
constexpr int kVerifyShare = 20;
// For what no difference shows, such as a reload that was refused a while ago.
constexpr seconds kPlanAllInterval{10};
constexpr seconds kStable{10};

std::string words_of(ByHand by_hand) {
  return by_hand == ByHand::drain ? "drain" : "maintenance";
}

}  // namespace

asio::awaitable<void> Driver::look() {
  const auto begun = Clock::now();
  auto reading = co_await ask();
  if (!reading) co_return lost(reading.error().message);
  const auto now = Clock::now();
  const auto took = now - begun;
  const bool other_process = is_other_process(reading->process);
  if (other_process) {
    events_.haproxy_attached(config_.config_path, reading->process.version, reading->process.pid, true);
  }
  take(std::move(*reading), other_process ? Loaded::by_others : Loaded::nobody);
  const bool verifying =
      std::any_of(services_.begin(), services_.end(), [](const auto& service) { return service->verifying; });
  const Clock::duration pause = verifying ? std::max<Clock::duration>(kVerifyInterval, took * kVerifyShare)
                                          : std::max<Clock::duration>(kLookInterval, took * kLookShare);
  look_at_ = now + std::min<Clock::duration>(pause, kLookAtLeastEvery);
  // With what else wakes an idle process.
  if (!verifying) look_at_ = common::next_beat(look_at_ - seconds(1));
  if (now - attached_at_ >= kStable) start_retry_.reset();
  if (!other_process && now < plan_all_at_) co_return;
  plan_all_at_ = now + kPlanAllInterval;
  plan_all_again();
  sweep_tombstones();
  co_await look_at_old_workers();
}

asio::awaitable<void> Driver::look_at_old_workers() {
  auto count = co_await control_.old_workers();
  if (!count) count = former_workers_.count();
  if (count) events_.old_workers(config_.config_path, *count);
}

void Driver::take(Reading reading, Loaded loaded) {
  const bool freshly_loaded = loaded != Loaded::nobody;
  const auto file = freshly_loaded ? read_rendered(file_.text()) : std::nullopt;
  // What others made HAProxy load may be older than the file, and the file older than what an earlier synapse did: then
  // our own maintenance would pass for a person's.
  const bool told = loaded == Loaded::by_us || (loaded == Loaded::before && !file_.behind());
  const bool current = told && file && file->fingerprint == reading.fingerprint;
  auto names = freshly_loaded ? names_in(reading) : running_names_;
  std::map<std::string_view, Service*> services;
  for (const auto& service : services_) {
    const auto name = names.find(service->wanted.service);
    if (name != names.end()) services.emplace(name->second, service.get());
  }
  for (auto& [name, fresh] : reading.state.backends) {
    const auto found = services.find(name);
    auto* service = found == services.end() ? nullptr : found->second;
    const auto former = service == nullptr ? "" : running_name(service->wanted.service);
    const auto known = running_.state.backends.find(former.empty() ? name : former);
    auto* before = known == running_.state.backends.end() ? nullptr : &known->second;
    if (file) {
      const auto written = service == nullptr ? file_names_.end() : file_names_.find(service->wanted.service);
      const auto servers = file->servers.find(written == file_names_.end() ? name : written->second);
      if (servers != file->servers.end()) adopt(servers->second, current, fresh);
      if (before != nullptr) carry_times(*before, fresh);
      if (before != nullptr && loaded == Loaded::by_others) carry_holds(*before, fresh);
    } else if (before != nullptr) {
      carry_over(*before, fresh);
    }
    if (service != nullptr) take_backend(*service, before, fresh);
  }
  const bool other_version = running_.process.version != reading.process.version;
  if (freshly_loaded) {
    ++load_;
    plan_all_at_ = {};
    take_names(std::move(names));
  }
  former_workers_.now(reading.process.pid);
  running_ = std::move(reading);
  if (other_version) {
    const auto version = parse_version(running_.process.version);
    capabilities_ = version ? capabilities_of(*version) : least_capabilities();
    if (const auto old = version ? too_old(*version) : std::nullopt) events_.config_warning(config_.config_path, *old);
  }
  if (other_version || (freshly_loaded && running_.fingerprint == fingerprint_)) take_traits();
}

// A difference that nobody here made is made good, unless it is to be respected; both are said.
void Driver::take_backend(Service& service, ObservedBackend* before, const ObservedBackend& fresh) {
  if (before == nullptr || differs(*before, fresh)) service.again = Clock::now();
  const ServiceName name{service.wanted.service, place_};
  std::map<std::string, ByHand> held;
  for (const auto& server : fresh.servers) {
    const auto by_hand = service.wanted.policy.respect_manual ? server.by_hand : ByHand::nothing;
    const auto known = service.held.find(server.name);
    const auto earlier = known == service.held.end() ? ByHand::nothing : known->second;
    if (by_hand != ByHand::nothing) held[server.name] = by_hand;
    if (by_hand == earlier) continue;
    if (by_hand == ByHand::nothing) {
      events_.server_released(name, server.name);
    } else {
      events_.server_held_by_hand(name, server.name, words_of(by_hand));
    }
  }
  service.held = std::move(held);
  events_.servers_held_by_hand(name, service.held.size());
}

void Driver::count_tombstones(Service& service) {
  const auto* has = service.removed ? nullptr : last_seen(service.wanted);
  if (has == nullptr) return;
  service.tombstones = tombstones(service.wanted, service.traits, *has, capabilities_);
  events_.tombstones({service.wanted.service, place_}, service.tombstones.present);
}

// In a quiet moment, when they are many; where HAProxy can delete servers that has been done already.
void Driver::sweep_tombstones() {
  const auto now = Clock::now();
  std::size_t sweepable = 0;
  std::size_t wanted = 0;
  for (const auto& service : services_) {
    sweepable += service->tombstones.sweepable;
    wanted += service->wanted.servers.size();
  }
  if (sweepable <= std::max(static_cast<std::size_t>(config_.max_tombstones), wanted)) return;
  if (now - changed_at_ < config_.tombstone_quiet || sweep_interval_.earliest(now) > now) return;
  want_reload(ReloadReason::tombstones, std::to_string(sweepable) + " servers that went away are still held");
}

Liveness Driver::liveness(const std::string& name, const std::string& server) const {
  const auto* backend = attached_ ? observed_of(name) : nullptr;
  const auto* found = backend == nullptr ? nullptr : backend->find(server);
  if (found == nullptr) return Liveness::unknown;
  if (!found->check_configured) return Liveness::unchecked;
  if (found->unverified && found->check_failed) return Liveness::dead;
  if (found->forced_maintenance || found->inherited_maintenance || found->unverified) return Liveness::unknown;
  return found->up ? Liveness::alive : Liveness::dead;
}

const ObservedBackend* Driver::observed_of(const std::string& name) const {
  const auto* service = find(name);
  return service == nullptr ? nullptr : last_seen(service->wanted);
}

}  // namespace synapse::haproxy
