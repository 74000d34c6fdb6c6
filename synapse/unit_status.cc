// The part of Unit that tells how things stand.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "synapse/unit.h"
#include "synapse/watch/kinds.h"

namespace synapse {

std::vector<MissingService> Unit::missing() const {
  std::vector<MissingService> missing;
  const auto now = std::chrono::system_clock::now();
  for (const auto& service : services_) {
    if (router_->routed(service->config.name)) continue;
    auto status = status_of(facts_of(*service), history_, now);
    missing.push_back({service->config.name, place_, std::move(status.trouble), status.known});
  }
  return missing;
}

std::vector<ServiceStatus> Unit::status(const std::string& name) const {
  std::vector<ServiceStatus> statuses;
  const auto now = std::chrono::system_clock::now();
  for (const auto& service : services_) {
    if (!name.empty() && service->config.name != name) continue;
    statuses.push_back(status_of(facts_of(*service), history_, now));
  }
  return statuses;
}

ServiceFacts Unit::facts_of(const Service& service) const {
  const auto& config = service.config;
  const bool has_proxy = std::holds_alternative<HaproxyRouterConfig>(config_.kind);
  ServiceFacts facts{.place = {.service = config.name,
                               .proxy = has_proxy ? config.proxy_name() : "",
                               .router = config_.type,
                               .place = place_,
                               .source = std::string(type_of(config.watcher)),
                               .words = source_of(config.watcher)},
                     .ready = router_->routed(config.name),
                     .known = service.known && !service.stale,
                     .stale = service.stale,
                     .age = std::nullopt,
                     .trouble = service.trouble,
                     .routed = service.pool.routed(),
                     .held = service.held,
                     .output = router_->output(config.name),
                     .history_key = config.name};
  if (const auto* zookeeper = std::get_if<ZookeeperWatcherConfig>(&config.watcher)) {
    facts.place.path = zookeeper->path;
    facts.place.hosts = zookeeper->hosts;
  }
  using Clock = std::chrono::steady_clock;
  const auto confirmed = service.watcher ? service.watcher->confirmed() : Clock::time_point();
  if (confirmed != Clock::time_point()) {
    facts.age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - confirmed);
  }
  return facts;
}

void Unit::forget() {
  for (const auto& service : services_) shared_.events.service_removed(name_of(*service));
}

std::size_t Unit::watches() const {
  std::size_t watches = 0;
  for (const auto& service : services_) {
    if (service->watcher) watches += service->watcher->watches();
  }
  return watches;
}

// A source that has never confirmed anything is as old as our watching it.
void Unit::tell_ages() {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& service : services_) {
    if (!service->watcher) continue;
    const auto since = std::max(service->watcher->confirmed(), service->watched_since);
    shared_.events.registry_age(name_of(*service), std::max(now - since, now - now));
  }
}

}  // namespace synapse
