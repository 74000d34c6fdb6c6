// What happens in synapse, one function an event: each logs, counts and records it, and says a repeated trouble only
// once until it changes or ends. Owned by App. Loop thread only.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/telemetry/event_log.h"
#include "common/telemetry/metrics.h"
#include "synapse/status/history.h"

namespace prometheus {
class Gauge;
template <typename T>
class Family;
}  // namespace prometheus

namespace synapse {

// A service of one router; a service of another one may have the same name.
struct ServiceName {
  ServiceName(std::string its_service, std::string its_router = "")  // NOLINT(google-explicit-constructor)
      : service(std::move(its_service)), router(std::move(its_router)) {}

  std::string service;
  std::string router;  // its place, see places_of()

  friend auto operator<=>(const ServiceName&, const ServiceName&) = default;
};

class Events {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Events(common::Metrics& metrics);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // The last thousand transitions.
  const common::EventLog& log() const { return log_; }

  // Sources.
  void servers_found(const ServiceName& service, int available, int unavailable);
  // Too many vanished at once: `held` of them stay for as long as HAProxy finds them alive.
  void servers_held(const ServiceName& service, std::size_t vanished, std::size_t of, std::size_t held);
  void server_let_go(const ServiceName& service, const std::string& server, const std::string& why);
  void held_servers(const ServiceName& service, std::size_t count);
  void holds_no_servers(const ServiceName& service);   // the configuration does not want it, maybe not any more
  void servers_kept(const ServiceName& service);       // all vanished; the last ones stay
  void servers_defaulted(const ServiceName& service);  // nobody but the default servers is there
  // The service goes on with those of its earlier configuration until its source speaks.
  void servers_inherited(const ServiceName& service);
  void servers_restored(const ServiceName& service, std::size_t servers, const std::string& saved_at);
  void servers_changed(const ServiceName& service, const std::vector<History::Change>& changes);
  void service_ready(const ServiceName& service);    // it was routed for the first time
  void service_removed(const ServiceName& service);  // from the configuration; its time series end
  // Which records are at fault now: each is told when it or its reason is new, and again when it is in order.
  void records_judged(const ServiceName& service, const Routed& routed, Clock::time_point now);
  void watcher_failed(const ServiceName& service, const std::string& type, const std::string& error);
  void watcher_recovered(const ServiceName& service);
  void watcher_replaced(const ServiceName& service);  // by another source, which speaks for itself
  // How long ago the service's source confirmed what we know.
  void registry_age(const ServiceName& service, Clock::duration age);
  void watches_held(std::size_t watches);  // in ZooKeeper, by all sources

  // How long a change takes: a snapshot has come, with news that were written at that time (of another host's clock);
  // the output is to be changed for it; the output has acknowledged all that was wanted.
  void change_heard(const ServiceName& service, std::optional<WallTime> written);
  void servers_wanted(const ServiceName& service, Clock::time_point now);
  void servers_acknowledged(const ServiceName& service, Clock::time_point now);

  void state_not_read(const std::string& why);
  void state_not_written(const std::string& why);
  void state_written();
  void host_not_resolved(const std::string& host, const std::string& error);
  void host_forgotten(const std::string& host);  // nobody needs it any more
  void host_resolved(const std::string& host, const std::string& address, bool is_news);

  // HAProxy. `router` is the router's config path.
  void haproxy_attached(const std::string& router, const std::string& version, int pid, bool adopted);
  void haproxy_lost(const std::string& router, const std::string& how);
  void haproxy_start_failed(const std::string& router, const std::string& error, long retry_ms);
  void commands_sent(const std::string& router, std::size_t ok, std::size_t refused);
  void command_surprised(const std::string& router, const std::string& command, const std::string& reply);
  void socket_failed(const std::string& router, const std::string& error);
  void socket_replaced(const std::string& router, const std::string& words);  // by another one of the same HAProxy
  void socket_works(const std::string& router);
  void server_held_by_hand(const ServiceName& service, const std::string& server, const std::string& state);
  void server_released(const ServiceName& service, const std::string& server);
  void servers_held_by_hand(const ServiceName& service, std::size_t count);
  void tombstones(const ServiceName& service, std::size_t count);
  void old_workers(const std::string& router, std::size_t count);
  void reload_wanted(const std::string& router, const std::string& reason, const std::string& words);
  void reloaded(const std::string& router, const std::vector<std::string>& reasons, int pid, long took_ms);
  void reload_failed(const std::string& router, const std::string& error, long retry_ms);
  void frontends_resumed(const std::string& router, const std::vector<std::string>& frontends);
  void config_written(const std::string& router, std::size_t bytes);
  void config_stands(const std::string& router);  // what is wanted is what the file says already
  void config_not_written(const std::string& router, const std::string& error);
  void config_refused(const std::string& router, const std::string& words);
  void config_unchecked(const std::string& router, const std::string& why);
  void config_warning(const std::string& router, const std::string& words);
  void router_ended(const std::string& router);  // its time series end, and what it complained of

  // Routers of type template and file.
  void output_written(const std::string& path, std::size_t bytes);
  void output_failed(const std::string& type, const std::string& what, const std::string& error);
  void output_works(const std::string& what);  // ends the trouble with it
  void output_removed(const std::string& path);

 private:
  struct Families;
  struct Service;

  Service& service(const ServiceName& name);
  void servers_in_excess(const ServiceName& service, std::size_t excess, std::size_t routed);
  static void set(prometheus::Gauge*& series, prometheus::Family<prometheus::Gauge>& family, const Service& service,
                  double value);
  void servers_back(const ServiceName& name);
  static std::string subject(const char* what, const ServiceName& name);
  void record(const ServiceName& name, const char* what, const std::string& part, const std::string& old_value,
              const std::string& new_value, const std::string& reason);
  void record_router(const std::string& router, const char* what, const std::string& new_value,
                     const std::string& reason);

  // True when `words` are not what was last said about `subject`.
  bool news(const std::string& subject, const std::string& words);
  // True when there was trouble with `subject`; it is forgotten.
  bool over(const std::string& subject);

  std::unique_ptr<Families> families_;
  std::map<std::string, std::string> troubles_;  // subject -> what was said
  std::map<ServiceName, std::unique_ptr<Service>> services_;
  std::map<std::string, std::set<std::string>> watcher_types_;  // of failures, by service
  common::EventLog log_;
};

}  // namespace synapse
