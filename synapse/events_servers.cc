// What is told of the servers of a service, and of how long their changes took.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "common/telemetry/log.h"
#include "synapse/events.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

namespace {

// What was said of a service without available servers.
constexpr auto kKept = "kept";
constexpr auto kDefaulted = "defaulted";
// More changes of servers at once are told in one line.
constexpr std::size_t kMostChanges = 100;
// A change that is said to be older is the clock's fault, or that of an outage, and no measure of synapse.
constexpr std::chrono::minutes kOldestChange{10};

std::string servers_words(int available, int unavailable) {
  return fmt::format("{} available, {} unavailable", available, unavailable);
}

}  // namespace

void Events::servers_found(const ServiceName& name, int available, int unavailable) {
  auto& state = service(name);
  set(state.available, families_->available, state, available);
  set(state.unavailable, families_->unavailable, state, unavailable);
  set(state.stale, families_->stale, state, 0);
  if (std::exchange(state.is_stale, false)) record(name, "stale", "", "true", "false", "the source has spoken");
  if (available > 0) servers_back(name);
  const auto counts = subject("counts", name);
  const auto known = troubles_.find(counts);
  const std::string before = known == troubles_.end() ? "" : known->second;
  const auto words = servers_words(available, unavailable);
  if (!news(counts, words)) return;
  record(name, "servers", "", before, words, "");
  log::info("{}: {} servers available, {} unavailable", name.service, available, unavailable);
}

// Ends what servers_kept() or servers_defaulted() said.
void Events::servers_back(const ServiceName& name) {
  const auto said = troubles_.extract(subject("empty", name));
  if (!said.empty()) record(name, said.mapped().c_str(), "", "true", "false", "");
}

void Events::servers_kept(const ServiceName& name) {
  if (!news(subject("empty", name), kKept)) return;
  record(name, "kept", "", "false", "true", "every server has vanished from the registry");
  log::warn("{}: every server has vanished from the registry; the last ones stay in service", name.service);
}

void Events::servers_inherited(const ServiceName& name) {
  auto& state = service(name);
  set(state.stale, families_->stale, state, 1);
  state.is_stale = true;
  record(name, "stale", "", "false", "true", "its configuration changed");
  log::info("{}: its servers are those of its earlier configuration until the source speaks", name.service);
}

void Events::servers_restored(const ServiceName& name, std::size_t servers, const std::string& saved_at) {
  auto& state = service(name);
  set(state.stale, families_->stale, state, 1);
  state.is_stale = true;
  record(name, "stale", "", "false", "true", "as at " + saved_at);
  log::info("{}: {} servers as they were at {}, until the source says more", name.service, servers, saved_at);
}

void Events::servers_changed(const ServiceName& name, const std::vector<History::Change>& changes) {
  for (std::size_t i = 0; i < changes.size() && i < kMostChanges; ++i) {
    const auto& change = changes[i];
    record(name, change.what.c_str(), change.server, change.old_value, change.new_value, change.reason);
    log::debug("{}: {}: {} {} -> {}{}{}", name.service, change.server, change.what, change.old_value, change.new_value,
               change.reason.empty() ? "" : ": ", change.reason);
  }
  if (changes.size() <= kMostChanges) return;
  record(name, "server", "", "", "", fmt::format("and {} more changes at once", changes.size() - kMostChanges));
}

void Events::service_ready(const ServiceName& name) {
  const auto found = services_.find(name);
  if (found == services_.end() || std::exchange(found->second->ready, true)) return;
  record(name, "ready", "", "false", "true", "");
}

void Events::change_heard(const ServiceName& name, std::optional<WallTime> written) {
  service(name).latest_change = written;
}

void Events::servers_wanted(const ServiceName& name, Clock::time_point now) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  auto& state = *found->second;
  if (!state.wanted_since) state.wanted_since = now;
  const auto written = std::exchange(state.latest_change, std::nullopt);
  if (written && (!state.changed_at || *written < *state.changed_at)) state.changed_at = written;
}

void Events::servers_acknowledged(const ServiceName& name, Clock::time_point now) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  auto& state = *found->second;
  const auto since = std::exchange(state.wanted_since, std::nullopt);
  const auto written = std::exchange(state.changed_at, std::nullopt);
  if (!since) return;
  const auto took = std::chrono::duration<double>(now - *since);
  families_->since_event.Observe(took.count());
  if (!written) return;
  // Another host's clock: a change cannot have come sooner than its own news.
  const auto whole = std::chrono::system_clock::now() - *written;
  if (whole >= took && whole <= kOldestChange) {
    families_->since_change.Observe(std::chrono::duration<double>(whole).count());
  }
}

void Events::servers_defaulted(const ServiceName& name) {
  if (!news(subject("empty", name), kDefaulted)) return;
  record(name, "defaulted", "", "false", "true", "no server is available");
  log::warn("{}: no server is available; the default servers serve", name.service);
}

}  // namespace synapse
