// A router with its services: what each service's source says goes through the service's pool to the router. Takes a
// new configuration by difference: a service that did not change is not touched. Owned by App; loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "synapse/config.h"
#include "synapse/config_difference.h"
#include "synapse/events.h"
#include "synapse/pool/pool.h"
#include "synapse/router.h"
#include "synapse/sessions.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class Unit {
 public:
  // What all units share; it outlives them.
  struct Shared {
    boost::asio::io_context& io;
    Sessions& sessions;
    Events& events;
    std::uint64_t seed;  // of this host
  };

  // Watches at once.
  Unit(Shared shared, std::string place, const RouterConfig& config, std::unique_ptr<Router> router);

  ServiceDifference reconfigure(const RouterConfig& config);

  const std::string& place() const { return place_; }
  const RouterConfig& config() const { return config_; }
  Router& router() { return *router_; }

  // The names of the services that were never routed.
  std::vector<std::string> not_ready() const;

  // Nothing is watched any more.
  void stop_watching();

 private:
  struct Service {
    ServiceConfig config;
    Pool pool;
    std::shared_ptr<common::zookeeper::Session> session;  // the watcher's
    std::unique_ptr<Watcher> watcher;
    bool known = false;  // its first snapshot has come
  };

  std::unique_ptr<Service> make(const ServiceConfig& config);
  void watch(Service& service);
  void take_snapshot(Service& service, const std::vector<Record>& records);
  void tell(const Service& service);
  void correlate(const Service& changed);
  void route(const Service& service) { router_->update(service.config.name, service.pool.routed()); }

  const Shared shared_;
  const std::string place_;
  RouterConfig config_;
  std::unique_ptr<Router> router_;
  std::vector<std::unique_ptr<Service>> services_;  // in the order of the configuration
};

}  // namespace synapse
