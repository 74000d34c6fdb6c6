#include "nerve/events.h"

#include <algorithm>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "common/telemetry/event_log.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace nerve {
namespace {

namespace log = common::log;

prometheus::Family<prometheus::Counter>& counters(common::Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

// It may be so all the time.
constexpr std::chrono::minutes kToldEvery{10};

prometheus::Histogram::BucketBoundaries lateness_buckets() {
  return {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
}

}  // namespace

struct ServiceMetrics::Families {
  explicit Families(common::Metrics& metrics)
      : check_failures(counters(metrics, "nerve_checker_failure_total", "Checks that failed")),
        exec_failures(counters(metrics, "nerve_exec_failure_total", "Commands of a service's life that failed")),
        report_failures(counters(metrics, "nerve_reporter_failure_total", "Reports that a reporter did not take")),
        rate_limited(counters(metrics, "nerve_report_rate_limited_total",
                              "Times that the rate limit held back a report, or would have in its shadow mode")),
        confirmed(prometheus::BuildGauge()
                      .Name("nerve_reporter_confirmed")
                      .Help("1 when the reporter has taken the last report, 0 when it is still trying")
                      .Register(metrics.registry())),
        available(prometheus::BuildGauge()
                      .Name("nerve_service_available")
                      .Help("The weight with which the service is announced now, 0 when it is not available")
                      .Register(metrics.registry())),
        lateness(prometheus::BuildHistogram()
                     .Name("nerve_check_start_lateness_seconds")
                     .Help("How much later than planned the checks of all services start")
                     .Register(metrics.registry())
                     .Add({}, lateness_buckets())),
        not_made(
            counters(metrics, "nerve_checks_not_made_total", "Checks for which there was no file descriptor").Add({})) {
  }

  prometheus::Family<prometheus::Counter>& check_failures;
  prometheus::Family<prometheus::Counter>& exec_failures;
  prometheus::Family<prometheus::Counter>& report_failures;
  prometheus::Family<prometheus::Counter>& rate_limited;
  prometheus::Family<prometheus::Gauge>& confirmed;
  prometheus::Family<prometheus::Gauge>& available;
  prometheus::Histogram& lateness;
  prometheus::Counter& not_made;
};

ServiceMetrics::ServiceMetrics(common::Metrics& metrics) : families_(std::make_unique<Families>(metrics)) {}
ServiceMetrics::~ServiceMetrics() = default;

ExecLimitEvents::ExecLimitEvents(common::Metrics& metrics)
    : waiting_(prometheus::BuildGauge()
                   .Name("nerve_exec_checks_waiting")
                   .Help("Exec checks that are due and wait until fewer than maxExecChecks run")
                   .Register(metrics.registry())
                   .Add({})),
      delayed_(counters(metrics, "nerve_exec_checks_delayed_total", "Exec checks that had to wait").Add({})),
      told_(kToldEvery) {}

void ExecLimitEvents::waiting(std::size_t now, std::size_t at_once) {
  const bool more = now > std::exchange(before_, now);
  waiting_.Set(static_cast<double>(now));
  if (!more) return;
  delayed_.Increment();
  const auto time = common::MinInterval::Clock::now();
  if (told_.earliest(time) > time) return;
  told_.acted(time);
  log::warn("{} exec checks run at once, as many as maxExecChecks allows: others wait, and start late", at_once);
}

ServiceEvents::ServiceEvents(const Telemetry& telemetry, Subject subject)
    : metrics_(telemetry.metrics),
      log_(telemetry.events),
      subject_(std::move(subject)),
      prefix_("service " + subject_.name),
      report_errors_(subject_.reporter_types.size()),
      taken_(subject_.reporter_types.size(), false),
      told_confirmed_(subject_.reporter_types.size(), false),
      verdicts_(subject_.check_types.size(), "unknown") {
  if (!subject_.with_metrics) return;
  const auto labels = [this](const std::string& type) {
    return prometheus::Labels{
        {"name", subject_.name}, {"ip", subject_.host}, {"port", std::to_string(subject_.port)}, {"type", type}};
  };
  auto& families = *metrics_.families_;
  for (const auto& type : subject_.check_types) check_failures_.push_back(&families.check_failures.Add(labels(type)));
  for (const auto& type : subject_.reporter_types) {
    report_failures_.push_back(&families.report_failures.Add(labels(type)));
    // A predecessor's says what holds until we report something.
    const bool is_new = !families.confirmed.Has(labels(type));
    confirmed_.push_back(&families.confirmed.Add(labels(type)));
    if (is_new) confirmed_.back()->Set(1);
  }
  const prometheus::Labels identity{
      {"name", subject_.name}, {"ip", subject_.host}, {"port", std::to_string(subject_.port)}};
  available_ = &families.available.Add(identity);
  rate_limited_ = &families.rate_limited.Add(identity);
}

void ServiceEvents::check_answered(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing) {
  if (const int times = not_made_.over(); times > 0) {
    log::info("{}: there are file descriptors again, {} checks could not be made meanwhile", prefix_, times);
  }
  metrics_.families_->lateness.Observe(std::chrono::duration<double>(timing.lateness).count());
  if (!answer.passed && subject_.with_metrics) check_failures_[check]->Increment();
  if (!log::enabled(log::Level::debug)) return;
  const auto ms = std::chrono::duration<double, std::milli>(timing.latency).count();
  if (answer.passed) {
    log::debug("{}: check {} passed in {:.1f} ms", prefix_, subject_.check_types[check], ms);
  } else {
    log::debug("{}: check {} failed in {:.1f} ms: {}", prefix_, subject_.check_types[check], ms, answer.reason);
  }
}

void ServiceEvents::check_not_made(std::size_t check, const Answer& answer) {
  metrics_.families_->not_made.Increment();
  if (not_made_.failed()) {
    log::error("{}: check {} cannot be made, nerve has no file descriptors left ({}): it does not count", prefix_,
               subject_.check_types[check], answer.reason);
  }
}

void ServiceEvents::check_changed(std::size_t check, const Answer& answer, const std::string& target) {
  const std::string_view verdict = answer.passed ? "up" : "down";
  const std::string name = subject_.check_types[check] + " " + target;
  record("check", name, std::exchange(verdicts_[check], verdict), verdict, answer.reason);
  if (answer.passed) {
    log::info("{}: check {} is up", prefix_, name);
  } else {
    log::warn("{}: check {} is down: {}", prefix_, name, answer.reason);
  }
}

void ServiceEvents::health_changed(const Health& health) {
  // What it leads to is told by published().
  log::debug("{}: {}", prefix_, health.up ? "all checks are up" : "down: " + health.reason);
}

void ServiceEvents::follow(const ServiceEvents& predecessor) {
  announced_ = predecessor.announced_;
  told_reason_ = predecessor.told_reason_;
  if (subject_.reporter_types == predecessor.subject_.reporter_types) told_confirmed_ = predecessor.told_confirmed_;
  state_ = predecessor.state_;
  mode_ = predecessor.mode_;
  // With the same checks it goes on with their verdicts; otherwise it has verdicts of its own by now.
  const bool undecided =
      std::all_of(verdicts_.begin(), verdicts_.end(), [](auto verdict) { return verdict == "unknown"; });
  if (undecided && subject_.check_types == predecessor.subject_.check_types) verdicts_ = predecessor.verdicts_;
}

void ServiceEvents::command_started(CommandKind kind) {
  log::debug("{}: running the {} command", prefix_, name_of(kind));
}

void ServiceEvents::command_ended(CommandKind kind, const std::string& program, const common::CommandResult& result) {
  auto& errors = command_errors_[kind];
  if (result.ok()) {
    log::debug("{}: the {} command succeeded", prefix_, name_of(kind));
    if (const int failures = errors.over(); failures > 1) {
      log::info("{}: the {} command succeeded after {} failures", prefix_, name_of(kind), failures);
    }
    return;
  }
  if (subject_.with_metrics) {
    auto& counter = metrics_.families_->exec_failures.Add({{"name", subject_.name},
                                                           {"ip", subject_.host},
                                                           {"port", std::to_string(subject_.port)},
                                                           {"type", std::string(name_of(kind))}});
    exec_failures_[kind] = &counter;
    counter.Increment();
  }
  // That a service is not idle yet is what the graceful-done command is there to say.
  const bool expected = kind == CommandKind::disable_grace && result.end == common::CommandResult::End::exited;
  const bool first = errors.failed();
  if (first && !expected) {
    log::warn("{}: the {} command ({}) failed: {}", prefix_, name_of(kind), program, result.describe());
  } else {
    log::debug("{}: the {} command ({}) failed: {}", prefix_, name_of(kind), program, result.describe());
  }
}

void ServiceEvents::end_metrics(bool for_good) {
  if (for_good) {
    auto& families = *metrics_.families_;
    for (auto* counter : check_failures_) families.check_failures.Remove(counter);
    for (auto* counter : report_failures_) families.report_failures.Remove(counter);
    for (auto* gauge : confirmed_) families.confirmed.Remove(gauge);
    for (const auto& [kind, counter] : exec_failures_) families.exec_failures.Remove(counter);
    if (rate_limited_ != nullptr) families.rate_limited.Remove(rate_limited_);
    if (available_ != nullptr) families.available.Remove(available_);
  }
  subject_.with_metrics = false;
  check_failures_.clear();
  report_failures_.clear();
  confirmed_.clear();
  exec_failures_.clear();
  rate_limited_ = nullptr;
  available_ = nullptr;
}

void ServiceEvents::state_is(State state, Mode mode, const std::string& reason) {
  if (mode != mode_) record("mode", "", name_of(mode_), name_of(mode), mode_reason_);
  mode_ = mode;
  if (state != state_) record("state", "", name_of(state_), name_of(state), reason);
  state_ = state;
}

void ServiceEvents::record(const char* what, const std::string& check, std::string_view old_value,
                           std::string_view new_value, const std::string& reason) {
  log_.add({.time = std::chrono::system_clock::now(),
            .service = subject_.name,
            .what = what,
            .part = check,
            .old_value = std::string(old_value),
            .new_value = std::string(new_value),
            .reason = reason});
}

}  // namespace nerve
