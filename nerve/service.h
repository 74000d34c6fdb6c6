// One service at run time: runs its checks, feeds their answers through the health and lifecycle rooms, and carries out
// what those decide: tells the reporters, runs the commands, answers whoever waits for a disable. Holds no policy of
// its own. Owned by App. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/alarm.h"
#include "common/runtime/task_group.h"
#include "nerve/check/check_runner.h"
#include "nerve/check/kinds.h"
#include "nerve/config.h"
#include "nerve/events.h"
#include "nerve/health/service_health.h"
#include "nerve/lifecycle/lifecycle.h"
#include "nerve/report/kinds.h"

namespace nerve {

struct CheckStatus {
  std::string type;
  std::string target;
  std::optional<bool> up;  // nothing before the first verdict
  std::string reason;      // why the last run failed; empty when it passed
  std::optional<CheckRunner::Duration> last_latency;
};

struct ServiceStatus {
  std::string name;
  std::string host;
  int port = 0;
  Lifecycle::Mode mode = Lifecycle::Mode::enabled;
  int max_weight = 0;
  int current_weight = 0;
  bool available = false;
  State state = State::unknown;
  std::string reason;  // why it is not available
  std::vector<CheckStatus> checks;
};

class Service {
 public:
  // How a check and a reporter are made: from the tables of kinds, or by a test.
  struct Makers {
    std::function<std::unique_ptr<Check>(const CheckConfig& config)> check;
    std::function<std::unique_ptr<Reporter>(const ReporterConfig& config, const ReportSubject& subject,
                                            Reporter::Events events)>
        reporter;
  };
  // Called once, on the loop: false when an enable interrupted the disabling.
  using OnDisabled = std::function<void(bool done)>;

  Service(boost::asio::io_context& io, const ServiceConfig& config, const Makers& makers, const Telemetry& telemetry);

  // The checks of this service are number `first_check` and following of the process's `all_checks`.
  void start_checks(std::size_t first_check, std::size_t all_checks);

  const std::string& name() const { return config_.name; }
  bool excluded_from_global_disable() const { return config_.exclude_from_global_disable; }
  std::size_t check_count() const { return checks_.size(); }
  ServiceStatus status() const;
  // The checks that make no progress, in words; a fault of ours.
  std::vector<std::string> stalled_checks(TimePoint now) const;

  void disable(bool shutdown, OnDisabled done);
  bool enable(bool force);  // false, and nothing happens: nerve is stopping
  void set_weight(int weight);

  // Disables (when so configured), then removes the registration; `on_step` is called when stopped() or deregistered()
  // may have become true. `now` removes it without waiting for what is under way.
  void stop(bool now, std::function<void()> on_step);
  bool stopped() const { return lifecycle_.stopped(); }
  // Every reporter has confirmed that the registration is gone.
  bool deregistered() const;
  void warn_of_unconfirmed();

  // Ends the checks and commands; returns when they have ended.
  void cancel() { tasks_.cancel(); }
  boost::asio::awaitable<void> wait() { return tasks_.wait(); }

 private:
  struct Announcer {
    std::unique_ptr<Reporter> reporter;
    ReportState state = ReportState::taken;
  };

  struct LastAnswer {
    std::string reason;
    CheckRunner::Duration latency;
  };

  bool on_answer(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing);
  void check_changed(std::size_t check, const Answer& answer);
  void on_report(std::size_t reporter, ReportState state);
  void handle(const Event& event);

  void carry_out(const Publish& decision);
  void carry_out(const RunCommand& decision);
  void carry_out(const CancelCommand& decision);
  void carry_out(const WarmupRestarted& decision);
  void carry_out(const WarmupOver& decision);
  bool confirmed() const;  // every reporter has taken the last news
  void carry_out(const DisableOver& decision);
  void carry_out(const Stopped& decision);

  using Cancelled = std::shared_ptr<boost::asio::steady_timer>;
  boost::asio::awaitable<void> run_command(RunCommand command, Cancelled cancelled);

  boost::asio::io_context& io_;
  const ServiceConfig config_;
  ServiceEvents events_;
  ServiceHealth health_;
  std::optional<Health> last_health_;
  Lifecycle lifecycle_;
  common::Alarm deadline_;
  std::vector<CheckRunner> checks_;
  std::vector<std::optional<LastAnswer>> last_answers_;  // of the checks
  std::vector<Announcer> announcers_;
  Cancelled command_cancelled_;  // of the command that runs
  std::vector<OnDisabled> waiting_for_disable_;
  std::function<void()> on_stop_step_;
  common::TaskGroup tasks_;
};

}  // namespace nerve
