// nerve as a whole: builds everything from the configuration, runs it on one loop and one thread, follows changes of
// the configuration, and takes it all down again in order. Owned by main.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/admin/api_guard.h"
#include "common/http/access.h"
#include "common/http/client.h"
#include "common/http/server.h"
#include "common/process/orphan_reaper.h"
#include "common/reload/config_follower.h"
#include "common/result.h"
#include "common/runtime/alarm.h"
#include "common/runtime/blocking_pool.h"
#include "common/runtime/memory.h"
#include "common/runtime/resolver.h"
#include "common/runtime/service_manager.h"
#include "common/runtime/task_group.h"
#include "common/runtime/turns.h"
#include "common/telemetry/event_log.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/repeated_error.h"
#include "nerve/api.h"
#include "nerve/config_files.h"
#include "nerve/events.h"
#include "nerve/liveness.h"
#include "nerve/report/sessions.h"
#include "nerve/roster.h"
#include "nerve/saved_state.h"

namespace nerve {

class App {
 public:
  // `log_level`: overrides the configuration's, unless it is empty.
  App(std::string version, ConfigFiles files, std::string log_level);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Opens the admin API and starts the services of a good configuration. An error means that nothing runs.
  [[nodiscard]] common::Result<void> start(const ParsedConfig& parsed);

  // Until SIGTERM or SIGINT: disables the services, removes their registrations, closes everything. Until SIGUSR2:
  // leaves the registrations to the next life. SIGHUP: reads the configuration again. Returns 0 when all was confirmed
  // within its time, 1 otherwise. Ends the process itself when a ZooKeeper session is to outlive it, or when a thread
  // hangs that cannot be interrupted (a name server or a ZooKeeper that does not answer).
  int run();

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  [[nodiscard]] common::Result<void> open_api(const Config& config);
  common::Result<void> claim_state(const std::string& path);
  bool has_state_file();
  void tell_not_saved(const std::string& why);
  common::LoadedConfig load();
  common::Result<common::ConfigDifference> apply();
  void begin(const ParsedConfig& parsed);
  void read_token_again();
  void sweep();
  void save_state();

  void wait_for_signal();
  void on_signal(int number);
  boost::asio::awaitable<void> stop();
  boost::asio::awaitable<void> hand_over();
  boost::asio::awaitable<void> close_sessions();
  boost::asio::awaitable<bool> wait_until(bool (App::*reached)() const, Deadline deadline);
  bool all_stopped() const { return roster_->all_stopped(); }
  bool all_confirmed() const { return roster_->all_confirmed(); }
  bool sessions_closed() const { return sessions_closed_; }

  const std::string version_;
  const std::string log_level_;

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  common::OrphanReaper orphans_{io_};
  common::Metrics metrics_;
  ServiceMetrics service_metrics_{metrics_};
  common::EventLog events_;
  const ConfigFiles files_;
  ParsedConfig loaded_;  // read, and not applied yet
  Config config_;        // that runs; without its services, which have what they need
  std::string shown_;    // likewise, as JSON without secrets
  Config at_start_;      // what counts only then; without services
  common::ConfigFollower follower_;
  common::Resolver resolver_{io_};
  common::http::Client http_{io_, resolver_};
  common::BlockingPool brokers_{io_, 16};  // so many may hang without holding up the others
  ExecLimitEvents exec_limit_{metrics_};
  common::Turns exec_turns_{io_, static_cast<std::size_t>(Config().max_exec_checks), [this](std::size_t waiting) {
                              exec_limit_.waiting(waiting, static_cast<std::size_t>(config_.max_exec_checks));
                            }};
  std::string state_path_;                      // empty: nothing is kept
  std::unique_ptr<SavedStateFile> state_file_;  // null: it could not be had so far
  SavedState saved_services_;                   // what was last known of the services before the end began
  common::RepeatedError state_error_;
  bool swept_ = false;  // what the earlier life has left and nobody wants any more
  common::Alarm sweep_{io_, [this] { sweep(); }};
  common::Alarm settled_{io_, common::give_back_memory};
  common::Alarm save_{io_, [this] { save_state(); }};
  std::optional<Sessions> sessions_;
  std::optional<Roster> roster_;
  std::optional<Liveness> liveness_;
  common::ApiGuard guard_{metrics_, "nerve"};
  common::http::Access access_;
  std::unique_ptr<common::http::Server> api_;
  common::ServiceManager manager_{io_, [this] { return liveness_->look(Liveness::Clock::now()).problems.empty(); }};

  common::TaskGroup stopping_{io_};
  boost::asio::steady_timer step_{io_};  // cancelled when something that stop() waits for may have happened
  std::optional<std::chrono::steady_clock::time_point> stop_asked_;
  bool hurry_ = false;  // another signal came: what stop() waits for now is given up
  bool sessions_closed_ = false;
  bool sessions_left_ = false;  // to the next life: they must not be closed
  bool orderly_ = true;
};

}  // namespace nerve
