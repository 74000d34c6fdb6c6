// The composition root of synapse: makes everything the configuration asks for, connects it, runs the loop, and takes
// it down again. Lives in main().
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http/server.h"
#include "common/runtime/blocking_pool.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/metrics.h"
#include "common/zookeeper/session.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/pool/pool.h"
#include "synapse/router.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class App {
 public:
  explicit App(Config config);
  ~App();

  // Until a signal ends it. SIGTERM, SIGINT: stops an HAProxy of its own after its connections. SIGUSR2: leaves it
  // running for the next synapse. Returns the exit code.
  int run();

 private:
  struct Service {
    ServiceConfig config;
    Pool pool;
    std::unique_ptr<Watcher> watcher;
    bool known = false;  // its first snapshot has come
  };
  struct Unit {  // a router with its services
    std::vector<Service> services;
    std::unique_ptr<Router> router;
  };

  bool make_units();
  bool listen();
  common::zookeeper::Session& session_for(const ZookeeperWatcherConfig& watcher);
  void take_snapshot(Unit& unit, std::size_t service, const std::vector<Record>& records);
  void correlate(Unit& unit, const Service& changed);
  void route(Unit& unit, std::size_t service);
  std::vector<std::string> not_ready() const;

  boost::asio::awaitable<void> wait_for_signal();
  boost::asio::awaitable<void> stop(bool leave_running);
  boost::asio::awaitable<void> close_sessions();
  void give_up_after(std::chrono::milliseconds limit);

  const Config config_;
  boost::asio::io_context io_;
  common::BlockingPool blocking_{io_};
  common::TaskGroup tasks_{io_};    // the routers' work
  common::TaskGroup control_{io_};  // waits for signals, stops everything
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  common::Metrics metrics_;
  Events events_{metrics_};
  std::map<std::string, std::unique_ptr<common::zookeeper::Session>> sessions_;  // by hosts
  std::vector<std::unique_ptr<Unit>> units_;
  std::unique_ptr<common::http::Server> api_;
  int exit_code_ = 0;
};

}  // namespace synapse
