// What happens in nerve, said and counted: one function for each event writes the log line and moves the metrics.
// Metrics owns the numbers, App owns it, each Service has one ServiceEvents. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/process/command.h"
#include "common/registration/registration.h"
#include "nerve/check/check.h"
#include "nerve/health/service_health.h"
#include "nerve/lifecycle/lifecycle.h"
#include "nerve/repeated_error.h"

namespace common {
class Metrics;
}
namespace prometheus {
class Counter;
class Gauge;
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

  ServiceEvents(ServiceMetrics& metrics, Subject subject);

  void check_answered(std::size_t check, const Answer& answer, std::chrono::steady_clock::duration latency);
  void check_changed(std::size_t check, const Answer& answer);
  void health_changed(const Health& health);

  void published(const std::optional<common::Registration>& record);
  void report_taken(std::size_t reporter);
  void report_failed(std::size_t reporter, const std::string& error);
  void report_notice(std::size_t reporter, const std::string& what);

  void command_started(CommandKind kind);
  void command_ended(CommandKind kind, const common::CommandResult& result);
  void warmup_restarted(bool unstable);
  void warmup_over(bool by_deadline, int weight);

  void disable_asked(bool shutdown);
  // `confirmed`: every reporter has taken the news.
  void disable_over(DisableOver::How how, bool confirmed);
  void enable_asked(bool force);
  void weight_asked(int weight);
  void not_deregistered(std::size_t reporter);

 private:
  ServiceMetrics& metrics_;
  Subject subject_;
  std::string prefix_;  // of each log line
  prometheus::Gauge* available_ = nullptr;
  std::vector<prometheus::Counter*> check_failures_;
  std::vector<prometheus::Counter*> report_failures_;
  std::vector<RepeatedError> report_errors_;
  std::map<CommandKind, RepeatedError> command_errors_;
  bool announced_ = false;
};

}  // namespace nerve
