#include "synapse/unit.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "synapse/pool_options.h"
#include "synapse/watch/kinds.h"

namespace synapse {
namespace {

std::string saved_file(const ServiceConfig& service, const std::string& place) {
  return SavedRecords::file_name(service.name, place + " " + kept_under(service.watcher));
}

// How often HAProxy's view of servers that are held is looked at.
constexpr std::chrono::seconds kReviewInterval{1};

}  // namespace

Unit::Unit(Shared shared, std::string place, const RouterConfig& config, std::unique_ptr<Router> router)
    : shared_(shared),
      place_(std::move(place)),
      config_(config),
      router_(std::move(router)),
      tasks_(shared.io),
      review_(shared.io) {
  for (const auto& service : config.services) services_.push_back(make(service));
}

void Unit::start(Kept kept) {
  tasks_.spawn("router " + place_, router_->run());
  if (kept == Kept::take) restore_unknown();
  for (auto& service : services_) watch(*service);
}

void Unit::restore_unknown() {
  for (auto& service : services_) {
    if (service->known) continue;
    restore(*service);
    if (service->watcher) service->watcher->restore(std::exchange(service->restored, {}));
  }
}

// Until its source speaks a service has what it had in an earlier run.
void Unit::restore(Service& service) {
  auto saved = shared_.saved.load(saved_file(service.config, place_));
  if (!saved) return;
  const auto before = service.pool.update(saved->records);
  service.known = true;
  service.stale = true;
  service.restored = std::move(saved->records);
  shared_.events.servers_restored(name_of(service), service.restored.size(), saved->saved_at);
  route(service, before);
  correlate(service);
}

// Whoever asks for the servers later may find the service gone, or replaced by one that speaks for itself.
void Unit::save(const Service& service) {
  shared_.saved.changed(saved_file(service.config, place_), service.config.name,
                        [weak = service.weak_from_this()]() -> std::optional<std::vector<RoutedServer>> {
                          const auto living = weak.lock();
                          if (!living) return std::nullopt;
                          auto servers = living->pool.uncorrelated().servers;
                          // The next life shall miss them, too.
                          for (auto& held : living->hold.held_servers()) servers.push_back(std::move(held));
                          return servers;
                        });
}

std::set<std::string> Unit::saved_files() const {
  std::set<std::string> files;
  for (const auto& service : services_) files.insert(saved_file(service->config, place_));
  return files;
}

std::chrono::milliseconds Unit::shutdown_timeout() const {
  const auto* haproxy = std::get_if<HaproxyRouterConfig>(&config_.kind);
  return haproxy == nullptr ? std::chrono::milliseconds(0) : haproxy->shutdown_timeout;
}

boost::asio::awaitable<void> Unit::stop(bool leave_running) {
  for (auto& service : services_) service->watcher.reset();
  review_.cancel();
  tasks_.cancel();
  co_await tasks_.wait();
  co_await router_->stop(leave_running);
}

std::shared_ptr<Unit::Service> Unit::make(const ServiceConfig& config) {
  return std::make_shared<Service>(config, Pool(pool_options(config, config_.type, shared_.seed)));
}

void Unit::watch(Service& service) {
  const auto& config = service.config.watcher;
  WatcherEvents events{
      .on_snapshot = [this, &service](const std::vector<Record>& records) { take_snapshot(service, records); },
      .on_failed =
          [this, &service, type = std::string(type_of(config))](const std::string& error) {
            service.trouble = error;
            shared_.events.watcher_failed(name_of(service), type, error);
          },
      .on_recovered =
          [this, &service] {
            service.trouble.clear();
            shared_.events.watcher_recovered(name_of(service));
          }};
  if (service.watched_since == std::chrono::steady_clock::time_point()) {
    service.watched_since = std::chrono::steady_clock::now();
  }
  service.watcher = make_watcher(config, {shared_.io, shared_.sessions, shared_.name_servers}, std::move(events));
  service.watcher->restore(std::exchange(service.restored, {}));
}

boost::asio::awaitable<common::Result<void>> Unit::prove(const RouterConfig& config) {
  if (config == config_) {
    router_->forget_refused();
    co_return common::Result<void>();
  }
  co_return co_await router_->prove(config);
}

common::ConfigDifference Unit::reconfigure(const RouterConfig& config) {
  auto found = difference(config_.services, config.services);
  std::vector<std::shared_ptr<Service>> services;
  std::vector<Service*> fresh;
  for (const auto& wanted : config.services) {
    const auto known = std::find_if(services_.begin(), services_.end(), [&](const auto& service) {
      return service && service->config.name == wanted.name;
    });
    if (known != services_.end() && same_service((*known)->config, wanted)) {
      services.push_back(std::move(*known));
      services.back()->config.id = wanted.id;
      continue;
    }
    services.push_back(make(wanted));
    fresh.push_back(services.back().get());
    if (known != services_.end()) take_over(*services.back(), **known);
  }
  for (const auto& name : found.removed) {
    shared_.events.service_removed({name, place_});
    history_.forget(name);
  }
  services_ = std::move(services);
  config_ = config;
  router_->reconfigure(config);
  for (auto* service : fresh) {
    watch(*service);
    if (service->known) route(*service, service->pool.routed());
  }
  for (auto& service : services_) correlate(*service);
  return found;
}

// Until its own source has spoken a service has the servers of its predecessor.
void Unit::take_over(Service& service, const Service& predecessor) {
  service.pool.inherit(predecessor.pool);
  service.known = service.stale = predecessor.known;
  shared_.events.watcher_replaced(name_of(service));
  service.other_source =
      predecessor.other_source || kept_under(service.config.watcher) != kept_under(predecessor.config.watcher);
  if (!service.other_source) service.hold.inherit(predecessor.hold);
  service.watched_since = predecessor.watched_since;
  if (predecessor.watcher) service.watched_since = std::max(service.watched_since, predecessor.watcher->confirmed());
  if (service.known) shared_.events.servers_inherited(name_of(service));
}

void Unit::take_snapshot(Service& service, const std::vector<Record>& records) {
  time_change(service, records);
  service.known = true;
  service.stale = false;
  service.other_source = false;
  const auto before = service.pool.update(records);
  route(service, before, &records);
  correlate(service);
  tell(service);
  save(service);
}

// The first snapshot tells of changes that nobody waits for any more.
void Unit::time_change(Service& service, const std::vector<Record>& records) {
  std::int64_t latest = 0;
  for (const auto& record : records) latest = std::max(latest, record.modified_ms);
  const bool is_news = service.known && !service.stale && latest > service.modified_ms;
  service.modified_ms = std::max(latest, service.modified_ms);
  shared_.events.change_heard(name_of(service),
                              is_news ? std::optional(WallTime(std::chrono::milliseconds(latest))) : std::nullopt);
}

void Unit::tell(const Service& service) {
  const auto name = name_of(service);
  const auto& routed = service.pool.routed();
  shared_.events.servers_found(name, routed.available, routed.unavailable);
  if (routed.kept) shared_.events.servers_kept(name);
  if (routed.defaulted) shared_.events.servers_defaulted(name);
  shared_.events.records_judged(name, routed, std::chrono::steady_clock::now());
}

// Services that leave out the first server of the changed one are routed again when that is another one now.
void Unit::correlate(const Service& changed) {
  for (auto& service : services_) {
    if (!service->config.correlation || service->config.correlation->other_service != changed.config.name) continue;
    const auto before = service->pool.routed();
    service->pool.exclude(changed.pool.first());
    if (service->known) route(*service, before);
  }
}

void Unit::route(Service& service, const Routed& before, const std::vector<Record>* records) {
  const auto& routed = service.pool.routed();
  router_->update(service.config.name, with_held(service, routed));
  if (router_->routed(service.config.name)) shared_.events.service_ready(name_of(service));
  const auto changes = history_.update(service.config.name, before, routed, records, std::chrono::system_clock::now());
  shared_.events.servers_changed(name_of(service), changes);
}

// And those that the source lost too many of at once to be believed.
const Routed& Unit::with_held(Service& service, const Routed& routed) {
  if (service.other_source) return routed;  // what the new one does not have has not vanished from it
  const auto name = name_of(service);
  const auto health = [&](const std::string& server) { return router_->liveness(service.config.name, server); };
  const auto& result = service.hold.update(routed, std::chrono::steady_clock::now(), health);
  service.held.assign(result.servers.begin() + static_cast<std::ptrdiff_t>(routed.servers.size()),
                      result.servers.end());
  if (const auto alarm = service.hold.take_alarm()) {
    shared_.events.servers_held(name, alarm->vanished, alarm->of, service.hold.held());
  }
  for (const auto& release : service.hold.take_releases()) {
    shared_.events.server_let_go(name, release.server, release.why);
  }
  if (service.config.hold_below_percent != 0) {
    shared_.events.held_servers(name, service.hold.held());
  } else {
    shared_.events.holds_no_servers(name);
  }
  if (service.hold.active()) review_later();
  return result;
}

// For as long as any are held.
void Unit::review_later() {
  if (std::exchange(reviewing_, true)) return;
  review_.expires_after(kReviewInterval);
  review_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    reviewing_ = false;
    review();
  });
}

void Unit::review() {
  for (auto& service : services_) {
    if (!service->hold.active()) continue;
    const auto health = [&](const std::string& server) { return router_->liveness(service->config.name, server); };
    if (service->hold.review(health))
      router_->update(service->config.name, with_held(*service, service->pool.routed()));
    if (service->hold.active()) review_later();
  }
}

}  // namespace synapse
