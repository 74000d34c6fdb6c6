#include "synapse/events.h"

#include <algorithm>

#include <prometheus/registry.h>

#include "common/limits/limits.h"
#include "common/telemetry/log.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

namespace {

constexpr std::size_t kMaxTroubles = 10'000;
constexpr std::size_t kMostComplaints = 20;  // of one source, until it works again
prometheus::Family<prometheus::Gauge>& gauge(common::Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry());
}

prometheus::Family<prometheus::Counter>& counter(common::Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

prometheus::Histogram& propagation(common::Metrics& metrics, const char* since) {
  return prometheus::BuildHistogram()
      .Name("synapse_propagation_seconds")
      .Help("Until HAProxy has acknowledged a change of servers, since it was written or since synapse heard of it")
      .Register(metrics.registry())
      .Add({{"since", since}}, prometheus::Histogram::BucketBoundaries{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                                                       0.5, 1, 2, 5, 10, 30, 60});
}

}  // namespace

Events::Families::Families(common::Metrics& metrics)
    : available(gauge(metrics, "synapse_service_available_count", "Servers of the service that take traffic")),
      unavailable(gauge(metrics, "synapse_service_unavailable_count", "Servers of the service that are disabled")),
      stale(gauge(metrics, "synapse_service_stale",
                  "1 while the servers are those of an earlier run or configuration, else 0")),
      update_failure(gauge(metrics, "synapse_router_update_failure", "Failed updates of a router, by what failed")),
      watcher_failure(gauge(metrics, "synapse_watcher_failure", "Failed reads of a service's source")),
      registry_age(gauge(metrics, "synapse_registry_age_seconds",
                         "Seconds since the source of the service last confirmed what is known")),
      left_out(counter(metrics, "synapse_record_rejected_total", "Records that were left out, by service")),
      excess(gauge(metrics, "synapse_service_excess_servers",
                   "Servers that are left out because there are more than maxServers")),
      reloads(counter(metrics, "synapse_haproxy_reload_total", "HAProxy reloads and starts, by reason")),
      held(gauge(metrics, "synapse_service_held_servers",
                 "Servers that vanished from the registry and stay because HAProxy finds them alive")),
      by_hand(gauge(metrics, "synapse_haproxy_held_by_hand", "Servers that a person put into maintenance or drain")),
      tombstones(gauge(metrics, "synapse_haproxy_tombstones", "Servers in maintenance that nothing wants any more")),
      old_workers(gauge(metrics, "synapse_haproxy_old_workers", "HAProxy's workers from before the last reload")),
      commands(counter(metrics, "synapse_haproxy_command_total", "Runtime commands, by HAProxy's verdict")),
      since_event(propagation(metrics, "event")),
      since_change(propagation(metrics, "change")),
      watches(gauge(metrics, "synapse_watches", "Watches that are held in ZooKeeper").Add({})) {}

Events::Events(common::Metrics& metrics) : families_(std::make_unique<Families>(metrics)) {
  // Present from the start, so that a rate() over them has a beginning.
  for (const char* type : {"haproxy", "haproxy_socket", "template", "file"}) {
    families_->update_failure.Add({{"type", type}});
  }
  for (const char* result : {"ok", "refused", "surprise"}) families_->commands.Add({{"result", result}});
}

Events::~Events() = default;

bool Events::news(const std::string& subject, const std::string& words) {
  if (troubles_.size() >= kMaxTroubles && !troubles_.contains(subject)) {
    common::limit_hit(common::Limit::told_troubles);
    return false;
  }
  auto& said = troubles_[subject];
  if (said == words) return false;
  said = words;
  return true;
}

bool Events::over(const std::string& subject) {
  return troubles_.erase(subject) != 0;
}

std::string Events::subject(const char* what, const ServiceName& name) {
  return std::string(what) + " " + name.router + " " + name.service;
}

// Two routers may have a service of one name: the series of the first one has go-synapse's labels, and only that of
// another one also has the router.
Events::Service& Events::service(const ServiceName& name) {
  auto& service = services_[name];
  if (service) return *service;
  service = std::make_unique<Service>();
  service->labels = {{"service", name.service}};
  const bool taken = std::any_of(services_.begin(), services_.end(), [&](const auto& other) {
    return other.second != service && other.second->labels == service->labels;
  });
  if (taken) service->labels["router"] = name.router;
  return *service;
}

// A time series begins when there is something to say.
void Events::set(prometheus::Gauge*& series, prometheus::Family<prometheus::Gauge>& family, const Service& service,
                 double value) {
  if (series == nullptr) series = &family.Add(service.labels);
  series->Set(value);
}

void Events::record(const ServiceName& name, const char* what, const std::string& part, const std::string& old_value,
                    const std::string& new_value, const std::string& reason) {
  log_.add({.time = std::chrono::system_clock::now(),
            .router = name.router,
            .service = name.service,
            .what = what,
            .part = part,
            .old_value = old_value,
            .new_value = new_value,
            .reason = reason});
}

void Events::watches_held(std::size_t watches) {
  families_->watches.Set(static_cast<double>(watches));
}

void Events::state_not_read(const std::string& why) {
  log::warn("statePath: {}; starting without it", why);
}

void Events::state_not_written(const std::string& why) {
  if (news("state", why))
    log::warn("statePath: {}; a start without the registry will not have the latest servers", why);
}

void Events::state_written() {
  if (over("state")) log::info("statePath can be written again");
}

void Events::service_removed(const ServiceName& name) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  if (found->second->available != nullptr) families_->available.Remove(found->second->available);
  if (found->second->unavailable != nullptr) families_->unavailable.Remove(found->second->unavailable);
  if (found->second->stale != nullptr) families_->stale.Remove(found->second->stale);
  if (found->second->age != nullptr) families_->registry_age.Remove(found->second->age);
  if (found->second->held != nullptr) families_->held.Remove(found->second->held);
  if (found->second->by_hand != nullptr) families_->by_hand.Remove(found->second->by_hand);
  if (found->second->excess != nullptr) families_->excess.Remove(found->second->excess);
  if (found->second->tombstones != nullptr) families_->tombstones.Remove(found->second->tombstones);
  services_.erase(found);
  record(name, "service", "", "present", "removed", "the configuration does not name it any more");
  const auto last_words = [&](const std::string& trouble) {
    return trouble == subject("counts", name) || trouble == subject("empty", name) || trouble == subject("held", name);
  };
  std::erase_if(troubles_, [&](const auto& trouble) { return last_words(trouble.first); });
  // What several routers count together ends with the last one.
  for (const auto& [other, state] : services_) {
    if (other.service == name.service) return;
  }
  if (families_->left_out.Has({{"service", name.service}})) {
    families_->left_out.Remove(&families_->left_out.Add({{"service", name.service}}));
  }
  const auto types = watcher_types_.extract(name.service);
  if (types.empty()) return;
  for (const auto& type : types.mapped()) {
    families_->watcher_failure.Remove(&families_->watcher_failure.Add({{"service", name.service}, {"type", type}}));
  }
}

void Events::watcher_failed(const ServiceName& name, const std::string& type, const std::string& error) {
  families_->watcher_failure.Add({{"service", name.service}, {"type", type}}).Increment();
  watcher_types_[name.service].insert(type);
  // Several at a time may come again and again.
  auto& told = service(name).complaints;
  if (told.size() >= kMostComplaints || !told.insert(error).second) return;
  record(name, "source", "", "", "failed", error);
  log::warn("{}: {}; the last state stays in force", name.service, error);
}

void Events::watcher_recovered(const ServiceName& name) {
  if (std::exchange(service(name).complaints, {}).empty()) return;
  record(name, "source", "", "failed", "works", "");
  log::info("{}: its source answers again", name.service);
}

void Events::watcher_replaced(const ServiceName& name) {
  service(name).complaints.clear();
}

void Events::registry_age(const ServiceName& name, Clock::duration age) {
  auto& state = service(name);
  set(state.age, families_->registry_age, state, std::chrono::duration<double>(age).count());
}

void Events::host_not_resolved(const std::string& host, const std::string& error) {
  if (news("host " + host, error)) log::warn("{}; its last address, if any, stays in use", error);
}

void Events::host_resolved(const std::string& host, const std::string& address, bool is_news) {
  if (over("host " + host) || is_news) log::info("{} resolves to {}", host, address);
}

void Events::host_forgotten(const std::string& host) {
  over("host " + host);
}

void Events::output_written(const std::string& path, std::size_t bytes) {
  log::debug("{} written, {} bytes", path, bytes);
}

void Events::output_failed(const std::string& type, const std::string& what, const std::string& error) {
  families_->update_failure.Add({{"type", type}}).Increment();
  if (news("output " + what, error)) log::error("{} is not up to date: {}; trying again", what, error);
}

void Events::output_works(const std::string& what) {
  if (over("output " + what)) log::info("{} is up to date again", what);
}

void Events::output_removed(const std::string& path) {
  log::info("{} removed: its service is gone", path);
}

}  // namespace synapse
