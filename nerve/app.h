// nerve as a whole: builds everything from the configuration, runs it on one loop and one thread, and takes it down
// again in order. Owned by main.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http/access.h"
#include "common/http/server.h"
#include "common/result.h"
#include "common/runtime/resolver.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/event_log.h"
#include "common/telemetry/metrics.h"
#include "nerve/api.h"
#include "nerve/config.h"
#include "nerve/events.h"
#include "nerve/liveness.h"
#include "nerve/report/sessions.h"

namespace nerve {

class App {
 public:
  explicit App(std::string version);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Opens the admin API and starts the services. An error means that nothing runs.
  [[nodiscard]] common::Result<void> start(const Config& config);

  // Until SIGTERM or SIGINT: disables the services, removes their registrations, closes everything. Returns 0 when all
  // of that was confirmed within its time, 1 otherwise. Ends the process itself when a thread hangs that cannot be
  // interrupted (a name server or a ZooKeeper that does not answer).
  int run();

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  [[nodiscard]] common::Result<void> open_api(const Config& config);
  void wait_for_signal();
  void on_signal(int number);
  boost::asio::awaitable<void> stop();
  boost::asio::awaitable<bool> wait_until(bool (App::*reached)() const, Deadline deadline);
  bool all_stopped() const;
  bool all_deregistered() const;
  bool sessions_closed() const { return sessions_closed_; }

  const std::string version_;
  std::chrono::milliseconds longest_drain_{0};

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  common::Metrics metrics_;
  ServiceMetrics service_metrics_{metrics_};
  common::EventLog events_;
  common::Resolver resolver_{io_};
  Sessions sessions_{io_};
  Services services_;
  Liveness liveness_{io_, services_};
  common::http::Access access_;
  std::unique_ptr<common::http::Server> api_;

  common::TaskGroup stopping_{io_};
  boost::asio::steady_timer step_{io_};  // cancelled when something that stop() waits for may have happened
  std::optional<std::chrono::steady_clock::time_point> stop_asked_;
  bool hurry_ = false;  // another signal came: what stop() waits for now is given up
  bool sessions_closed_ = false;
  bool orderly_ = true;
};

}  // namespace nerve
