// Where the wanted servers of one router's services go. Loop thread only.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"
#include "synapse/config.h"
#include "synapse/pool/hold.h"
#include "synapse/pool/pool.h"
#include "synapse/status/output_state.h"

namespace synapse {

class Router {
 public:
  virtual ~Router() = default;

  // Works until cancelled.
  virtual boost::asio::awaitable<void> run() = 0;

  // Whether its output takes the configuration, which is another one for the same place; nothing changes by it. The
  // error is in the output's own words. `config` outlives it.
  virtual boost::asio::awaitable<common::Result<void>> prove(const RouterConfig& /*config*/) {
    co_return common::Result<void>();
  }
  // What was refused is not wanted any more.
  virtual void forget_refused() {}

  // The configuration from now on; its place is the same (see place_of()). A service of the same name goes on with what
  // it has; one that is not named any more is forgotten.
  virtual void reconfigure(const RouterConfig& config) = 0;

  // The whole wanted state of a service of the configuration.
  virtual void update(const std::string& service, const Routed& routed) = 0;

  // True when the service was routed at least once.
  virtual bool routed(const std::string& service) const = 0;

  // What it finds of a server itself, some seconds old at most.
  virtual Liveness liveness(const std::string& /*service*/, const std::string& /*server*/) const {
    return Liveness::unchecked;
  }

  // What its output has of a service, beside what that shall have.
  virtual OutputState output(const std::string& service) const = 0;

  // Why it makes no progress although it should; empty: it does.
  virtual std::string stalled(std::chrono::steady_clock::time_point) const { return ""; }

  // We are leaving. `leave_running`: what we started goes on for the next synapse.
  virtual boost::asio::awaitable<void> stop(bool leave_running) = 0;

  // A thread of it is in a call that nobody can interrupt, such as a name look-up without an answer.
  virtual bool busy() const { return false; }
};

}  // namespace synapse
