// The composition root of synapse: makes everything the configuration asks for, connects it, runs the loop, and takes
// it down again. Lives in main().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http/server.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/metrics.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/sessions.h"
#include "synapse/unit.h"

namespace synapse {

class App {
 public:
  explicit App(Config config);
  ~App();

  // Until a signal ends it. SIGTERM, SIGINT: stops an HAProxy of its own after its connections. SIGUSR2: leaves it
  // running for the next synapse. Returns the exit code.
  int run();

 private:
  bool make_units();
  bool listen();
  std::unique_ptr<Unit> make_unit(const RouterConfig& config, const std::string& place);
  std::vector<std::string> not_ready() const;

  boost::asio::awaitable<void> wait_for_signal();
  boost::asio::awaitable<void> stop(bool leave_running);
  void give_up_after(std::chrono::milliseconds limit);

  const Config config_;
  const std::uint64_t seed_;
  boost::asio::io_context io_;
  common::TaskGroup tasks_{io_};    // the routers' work
  common::TaskGroup control_{io_};  // waits for signals, stops everything
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  common::Metrics metrics_;
  Events events_{metrics_};
  Sessions sessions_{io_};
  std::vector<std::unique_ptr<Unit>> units_;
  std::unique_ptr<common::http::Server> api_;
  int exit_code_ = 0;
};

}  // namespace synapse
