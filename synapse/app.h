// The composition root of synapse: makes everything the configuration asks for, connects it, runs the loop, and takes
// it down again. Lives in main().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/admin/api_guard.h"
#include "common/file/file_lock.h"
#include "common/http/server.h"
#include "common/process/orphan_reaper.h"
#include "common/reload/config_follower.h"
#include "common/runtime/alarm.h"
#include "common/runtime/loop_watch.h"
#include "common/runtime/memory.h"
#include "common/runtime/service_manager.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/metrics.h"
#include "synapse/config.h"
#include "synapse/config_files.h"
#include "synapse/events.h"
#include "synapse/saved_records.h"
#include "synapse/sessions.h"
#include "synapse/unit.h"

namespace synapse {

class App {
 public:
  // `log_level`: overrides the configuration's, unless it is empty.
  App(ConfigFiles files, std::string log_level);
  ~App();

  // Makes everything that a good configuration asks for. False: nothing runs, and it was said why.
  [[nodiscard]] bool start(const ParsedConfig& parsed);

  // Until a signal ends it. SIGTERM, SIGINT: stops an HAProxy of its own after its connections. SIGUSR2: leaves it
  // running for the next synapse. SIGHUP: reads the configuration again. Returns the exit code.
  int run();

 private:
  bool claim_state();
  bool listen();
  common::LoadedConfig load();
  void prove(std::function<void(common::Result<void>)> done);
  boost::asio::awaitable<void> prove_units(std::function<void(common::Result<void>)> done);
  common::Result<common::ConfigDifference> apply();
  void withdraw();
  void begin(const ParsedConfig& parsed);
  common::ConfigDifference go_to(const std::vector<std::string>& places,
                                 std::map<std::string, std::unique_ptr<Unit>> added);
  common::Result<std::unique_ptr<Unit>> make_unit(const RouterConfig& config, const std::string& place);
  void forget_unwanted();
  Unit* find_unit(const std::string& place) const;
  std::vector<ServiceStatus> status(const std::string& service) const;
  std::vector<MissingService> missing() const;
  Health health() const;
  std::string metrics_text();

  boost::asio::awaitable<void> wait_for_signal();
  boost::asio::awaitable<void> stop(bool leave_running);
  boost::asio::awaitable<void> retire(Unit& unit);
  boost::asio::awaitable<void> former_ended(const RouterConfig& config);
  boost::asio::awaitable<void> one_retired();
  void give_up_after(std::chrono::milliseconds limit);

  const ConfigFiles files_;
  const std::string log_level_;
  ParsedConfig loaded_;  // read, and not applied yet
  Config config_;        // that runs
  std::string shown_;    // likewise, as JSON without secrets
  Config at_start_;      // what counts only then; without routers
  const WallTime started_ = std::chrono::system_clock::now();
  const std::uint64_t seed_;
  boost::asio::io_context io_;
  common::TaskGroup control_{io_};  // waits for signals, stops everything
  boost::asio::signal_set signals_;
  boost::asio::steady_timer deadline_;
  common::OrphanReaper orphans_{io_};
  common::Metrics metrics_;
  Events events_{metrics_};
  common::Alarm settled_{io_, common::give_back_memory};
  common::ConfigFollower follower_;
  Sessions sessions_{io_};
  NameServers name_servers_{io_};
  std::unique_ptr<common::FileLock> state_lock_;
  std::optional<SavedRecords> saved_;
  std::vector<std::unique_ptr<Unit>> units_;     // in the order of the configuration
  std::vector<std::unique_ptr<Unit>> retiring_;  // that the configuration does not name any more, until they have ended
  boost::asio::steady_timer retired_{io_, std::chrono::steady_clock::time_point::max()};  // cancelled when one has
  std::optional<common::LoopWatch> loop_;
  common::ApiGuard guard_{metrics_, "synapse"};
  std::unique_ptr<common::http::Server> api_;
  common::ServiceManager manager_{io_, [this] { return health().problems.empty(); }};
  int exit_code_ = 0;
};

}  // namespace synapse
