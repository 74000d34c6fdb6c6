// What happens in nerve, said, counted and recorded: one function for each event writes the log line, moves the
// metrics, and adds transitions to the event log. Metrics owns the numbers, App owns it and the log, each Service has
// one ServiceEvents. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/command.h"
#include "common/registration/registration.h"
#include "common/telemetry/repeated_error.h"
#include "common/time/min_interval.h"
#include "nerve/check/check_runner.h"
#include "nerve/health/service_health.h"
#include "nerve/lifecycle/lifecycle.h"

namespace common {
class EventLog;
class Metrics;
}  // namespace common
namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace nerve {

// The families of metrics, with go-nerve's names and labels.
class ServiceMetrics {
 public:
  explicit ServiceMetrics(common::Metrics& metrics);
  ~ServiceMetrics();

 private:
  friend class ServiceEvents;
  struct Families;
  std::unique_ptr<Families> families_;
};

// How many exec checks wait because others run. Owned by App.
class ExecLimitEvents {
 public:
  explicit ExecLimitEvents(common::Metrics& metrics);

  void waiting(std::size_t now, std::size_t at_once);

 private:
  prometheus::Gauge& waiting_;
  prometheus::Counter& delayed_;
  std::size_t before_ = 0;
  common::MinInterval told_;
};

// Where the events of services go. Must outlive them.
struct Telemetry {
  ServiceMetrics& metrics;
  common::EventLog& events;
};

class ServiceEvents {
 public:
  struct Subject {
    std::string name;
    std::string host;
    int port = 0;
    bool with_metrics = true;
    std::vector<std::string> check_types;     // by index
    std::vector<std::string> reporter_types;  // by index
  };

  ServiceEvents(const Telemetry& telemetry, Subject subject);

  void check_answered(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing);
  // We have no file descriptor to ask with; counts neither way.
  void check_not_made(std::size_t check, const Answer& answer);
  void check_changed(std::size_t check, const Answer& answer, const std::string& target);
  void health_changed(const Health& health);

  // Relieves the other one: what holds already is no event.
  void follow(const ServiceEvents& predecessor);

  void published(const std::optional<common::Registration>& record);
  void report_taken(std::size_t reporter);
  void report_failed(std::size_t reporter, const std::string& error);
  void report_notice(std::size_t reporter, const std::string& what);
  void report_trouble(std::size_t reporter, const std::string& what);

  // The rate limit holds a report back; `shadow`: it would, but only says so.
  void report_held(bool shadow);
  void resumed(const Resumed& past);

  void command_started(CommandKind kind);
  // `program`: its name, for the log.
  void command_ended(CommandKind kind, const std::string& program, const common::CommandResult& result);
  void warmup_restarted(bool unstable);
  void warmup_over(bool by_deadline, int weight);

  void disable_asked(bool shutdown);
  // `confirmed`: every reporter has taken the news.
  void disable_over(DisableOver::How how, bool confirmed);
  void enable_asked(bool force);
  void weight_asked(int weight);
  void stop_asked();
  void not_deregistered(std::size_t reporter);

  // What holds now; only a difference is an event.
  void state_is(State state, Mode mode, const std::string& reason);

  // Counts no more. `for_good`: the time series go, too; no other ServiceEvents with the same subject may still count.
  void end_metrics(bool for_good);

 private:
  void record(const char* what, const std::string& check, std::string_view old_value, std::string_view new_value,
              const std::string& reason);
  bool taken_by_all_of(const std::string& reporter_type) const;

  ServiceMetrics& metrics_;
  common::EventLog& log_;
  Subject subject_;
  std::string prefix_;  // of each log line
  prometheus::Gauge* available_ = nullptr;
  std::vector<prometheus::Counter*> check_failures_;
  std::vector<prometheus::Counter*> report_failures_;
  std::vector<prometheus::Gauge*> confirmed_;
  std::map<CommandKind, prometheus::Counter*> exec_failures_;  // those that have failed
  prometheus::Counter* rate_limited_ = nullptr;
  common::RepeatedError not_made_;
  std::vector<common::RepeatedError> report_errors_;
  std::map<CommandKind, common::RepeatedError> command_errors_;
  std::vector<bool> taken_;           // by the reporters: the last report
  std::vector<bool> told_confirmed_;  // of the reporters, since the service is announced
  bool announced_ = false;
  std::string told_reason_;  // why it is not available

  std::vector<std::string_view> verdicts_;  // of the checks, as recorded last
  State state_ = State::unknown;
  Mode mode_ = Mode::enabled;
  std::string mode_reason_ = "as before nerve was started again";  // of the next change of the mode
};

}  // namespace nerve
