// The router of type haproxy: turns routed servers into HAProxy's, host names into addresses, and hands them to the
// driver. Owned by App; loop thread only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/haproxy_child.h"
#include "synapse/resolve/host_addresses.h"
#include "synapse/router.h"

namespace synapse::haproxy {

class HaproxyRouter : public Router {
 public:
  // `seed` makes random strings in server options stable on this host.
  HaproxyRouter(boost::asio::io_context& io, const RouterConfig& config, Events& events, std::uint64_t seed);

  boost::asio::awaitable<void> run() override;
  void update(std::size_t service, const Routed& routed) override;
  bool routed(std::size_t service) const override { return services_.at(service).routed; }
  boost::asio::awaitable<void> stop(bool leave_running) override;
  bool busy() const override { return addresses_.busy(); }

 private:
  struct Service {
    ServiceConfig config;
    std::set<std::string> reserved_ids;  // of servers in the operator's own lines
    Routed wanted;
    bool known = false;
    bool routed = false;
  };

  std::unique_ptr<HaproxyControl> make_control(boost::asio::io_context& io, const HaproxyRouterConfig& config);
  void hand_over(std::size_t index);
  ServerSpec to_spec(const Service& service, const RoutedServer& server, std::string address) const;

  Events& events_;
  const std::uint64_t seed_;
  std::vector<Service> services_;
  HostAddresses addresses_;
  std::unique_ptr<HaproxyControl> control_;
  Driver driver_;
};

}  // namespace synapse::haproxy
