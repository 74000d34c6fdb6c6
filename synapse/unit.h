// A router with its services: what each service's source says goes through the service's pool to the router. Takes a
// new configuration by difference: a service that did not change is not touched. Owned by App; loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/task_group.h"
#include "synapse/config.h"
#include "synapse/config_difference.h"
#include "synapse/events.h"
#include "synapse/pool/hold.h"
#include "synapse/pool/pool.h"
#include "synapse/router.h"
#include "synapse/saved_records.h"
#include "synapse/sessions.h"
#include "synapse/status/history.h"
#include "synapse/status/service_status.h"
#include "synapse/status/status_json.h"
#include "synapse/watch/name_servers.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class Unit {
 public:
  // What all units share; it outlives them.
  struct Shared {
    boost::asio::io_context& io;
    Sessions& sessions;
    NameServers& name_servers;
    Events& events;
    SavedRecords& saved;
    std::uint64_t seed;  // of this host
  };

  Unit(Shared shared, std::string place, const RouterConfig& config, std::unique_ptr<Router> router);

  // What an earlier run kept: taken until the source speaks, or left alone.
  enum class Kept { take, leave };

  // Watches, and the router works, until stop().
  void start(Kept kept = Kept::take);
  // Takes what an earlier run kept for services whose source has not spoken.
  void restore_unknown();
  // `leave_running`: see Router.
  boost::asio::awaitable<void> stop(bool leave_running);

  // The configuration does not name the router any more: its services' time series end.
  void forget();

  // See Router. A configuration that is the present one needs no proof.
  boost::asio::awaitable<common::Result<void>> prove(const RouterConfig& config);
  void forget_refused() { router_->forget_refused(); }

  common::ConfigDifference reconfigure(const RouterConfig& config);

  const std::string& place() const { return place_; }
  const RouterConfig& config() const { return config_; }
  bool busy() const { return router_->busy(); }  // see Router
  // What connections have when stop() ends an HAProxy.
  std::chrono::milliseconds shutdown_timeout() const;

  // The files in which the services' records are kept.
  std::set<std::string> saved_files() const;

  // The services that were never routed.
  std::vector<MissingService> missing() const;

  // What there is to say of the services of that name (one, or none), or of all when it is empty.
  std::vector<ServiceStatus> status(const std::string& name) const;

  // Why the router makes no progress; empty: it does.
  std::string stalled(std::chrono::steady_clock::time_point now) const { return router_->stalled(now); }

  // In ZooKeeper, by all its sources.
  std::size_t watches() const;

  // Brings the metrics up to date that change by themselves.
  void tell_ages();

 private:
  struct Service : std::enable_shared_from_this<Service> {
    Service(ServiceConfig its_config, Pool its_pool)
        : config(std::move(its_config)),
          pool(std::move(its_pool)),
          hold({.below_percent = config.hold_below_percent,
                .window = config.hold_window,
                .sources_in_turn = asks_in_turn(config.watcher)}) {}

    ServiceConfig config;
    Pool pool;
    Hold hold;
    std::vector<RoutedServer> held;  // that are routed beside those of the pool
    std::unique_ptr<Watcher> watcher;
    bool known = false;            // it has servers to be routed, or none for sure
    bool stale = false;            // they are those of an earlier run, or of an earlier configuration
    bool other_source = false;     // the latter, which had another source
    std::vector<Record> restored;  // those of an earlier run, for the watcher
    std::string trouble;           // of its source; empty: none since the last snapshot
    std::int64_t modified_ms = 0;  // the youngest record that was seen
    std::chrono::steady_clock::time_point watched_since{};
  };

  std::shared_ptr<Service> make(const ServiceConfig& config);
  void restore(Service& service);
  void take_over(Service& service, const Service& predecessor);
  void watch(Service& service);
  void save(const Service& service);
  void take_snapshot(Service& service, const std::vector<Record>& records);
  void time_change(Service& service, const std::vector<Record>& records);
  void tell(const Service& service);
  ServiceName name_of(const Service& service) const { return {service.config.name, place_}; }
  ServiceFacts facts_of(const Service& service) const;
  void correlate(const Service& changed);
  // `before`: what was routed; `records`: those of a new snapshot, null: what is routed of them changed.
  void route(Service& service, const Routed& before, const std::vector<Record>* records = nullptr);
  const Routed& with_held(Service& service, const Routed& routed);
  void review_later();
  void review();

  const Shared shared_;
  const std::string place_;
  RouterConfig config_;
  std::unique_ptr<Router> router_;
  std::vector<std::shared_ptr<Service>> services_;  // in the order of the configuration
  History history_;
  common::TaskGroup tasks_;           // the router's work
  boost::asio::steady_timer review_;  // of servers that are held
  bool reviewing_ = false;
};

}  // namespace synapse
