// The part of the driver that reads what HAProxy has, and finds what others did to it.
#include <algorithm>
#include <utility>

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
  take(std::move(*reading), other_process);
  const bool verifying =
      std::any_of(services_.begin(), services_.end(), [](const auto& service) { return service->verifying; });
  const Clock::duration pause = verifying ? std::max<Clock::duration>(kVerifyInterval, took * kVerifyShare)
                                          : std::max<Clock::duration>(kLookInterval, took * kLookShare);
  look_at_ = now + std::min<Clock::duration>(pause, kLookAtLeastEvery);
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

void Driver::take(Reading reading, bool freshly_loaded) {
  const auto file = freshly_loaded ? read_rendered(file_.text()) : std::nullopt;
  const bool current = file && file->fingerprint == reading.fingerprint;
  for (auto& [name, fresh] : reading.state.backends) {
    const auto known = running_.state.backends.find(name);
    auto* before = known == running_.state.backends.end() ? nullptr : &known->second;
    if (file) {
      const auto loaded = file->servers.find(name);
      if (loaded != file->servers.end()) adopt(loaded->second, current, fresh);
      if (before != nullptr) carry_times(*before, fresh);
    } else if (before != nullptr) {
      carry_over(*before, fresh);
    }
    take_backend(name, before, fresh);
  }
  const bool other_version = running_.process.version != reading.process.version;
  if (freshly_loaded) {
    ++load_;
    plan_all_at_ = {};
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
void Driver::take_backend(const std::string& name, ObservedBackend* before, const ObservedBackend& fresh) {
  const auto service =
      std::find_if(services_.begin(), services_.end(), [&](const auto& each) { return each->wanted.name == name; });
  if (service == services_.end()) return;
  if (before == nullptr || differs(*before, fresh)) (*service)->again = Clock::now();
  if (!(*service)->wanted.policy.respect_manual) return;
  std::size_t held = 0;
  const ObservedBackend nothing;
  const auto earlier_ones = by_name(before == nullptr ? nothing : *before);
  for (const auto& server : fresh.servers) {
    const auto known = earlier_ones.find(server.name);
    const auto earlier = known == earlier_ones.end() ? ByHand::nothing : known->second->by_hand;
    if (server.by_hand != ByHand::nothing) ++held;
    if (server.by_hand == earlier) continue;
    if (server.by_hand == ByHand::nothing) {
      events_.server_released({(*service)->wanted.service, place_}, server.name);
    } else {
      events_.server_held_by_hand({(*service)->wanted.service, place_}, server.name, words_of(server.by_hand));
    }
  }
  events_.servers_held_by_hand({(*service)->wanted.service, place_}, held);
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
