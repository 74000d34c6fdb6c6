// The router of type haproxy: turns routed servers into HAProxy's, host names into addresses, and hands them to the
// driver. Owned by App; loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/haproxy/claim.h"
#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/haproxy_child.h"
#include "synapse/resolve/resolved_hosts.h"
#include "synapse/router.h"

namespace synapse::haproxy {

class HaproxyRouter : public Router {
 public:
  // `seed` makes random strings in server options stable on this host. The error: the runtime directory of an HAProxy
  // of our own cannot be had. `file_only`: the file is written once every service is known, and no HAProxy is started,
  // asked or told anything.
  [[nodiscard]] static common::Result<std::unique_ptr<Router>> make(boost::asio::io_context& io,
                                                                    const RouterConfig& config, Events& events,
                                                                    std::uint64_t seed, bool file_only = false);

  boost::asio::awaitable<void> run() override;
  boost::asio::awaitable<common::Result<void>> prove(const RouterConfig& config) override;
  void forget_refused() override { driver_.file().forget_refused(); }
  void reconfigure(const RouterConfig& config) override;
  void update(const std::string& service, const Routed& routed) override;
  bool routed(const std::string& service) const override;
  Liveness liveness(const std::string& service, const std::string& server) const override {
    return driver_.liveness(service, server);
  }
  OutputState output(const std::string& service) const override;
  std::string stalled(std::chrono::steady_clock::time_point now) const override { return driver_.stalled(now); }
  boost::asio::awaitable<void> stop(bool leave_running) override;
  bool busy() const override { return addresses_.busy(); }

 private:
  struct Service {
    ServiceConfig config;
    std::set<std::string> reserved_ids;  // of servers in the operator's own lines
    // Of serverOptions; nothing: they differ by server.
    std::optional<std::vector<std::string>> words;
    std::unique_ptr<const Routed> wanted;  // only while a host name is among them: it may resolve to something else
    bool routed = false;
  };

  HaproxyRouter(boost::asio::io_context& io, const RouterConfig& config, Events& events, std::uint64_t seed,
                Claim claim, bool file_only);
  std::unique_ptr<HaproxyControl> make_control(boost::asio::io_context& io, const HaproxyRouterConfig& config);
  void take_services(const RouterConfig& config);
  void resolved(const std::string& service);
  void hand_over(const std::string& name, const Service& service, const Routed& wanted);
  std::optional<ServerSpec> to_spec(const Service& service, const RoutedServer& server, std::string address) const;

  const Claim claim_;
  Events& events_;
  const std::string place_;
  const std::uint64_t seed_;
  const bool file_only_;
  std::map<std::string, Service> services_;  // by name
  ResolvedHosts addresses_;
  std::unique_ptr<HaproxyControl> control_;
  Driver driver_;
};

}  // namespace synapse::haproxy
