#include "nerve/service.h"

#include <algorithm>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/process/command.h"
#include "nerve/check/schedule.h"

namespace nerve {
namespace {

namespace asio = boost::asio;

std::vector<Thresholds> thresholds_of(const ServiceConfig& config) {
  std::vector<Thresholds> thresholds;
  for (const auto& check : config.checks) thresholds.push_back(check.thresholds);
  return thresholds;
}

ServiceEvents::Subject subject_of(const ServiceConfig& config) {
  ServiceEvents::Subject subject{config.name, config.host, config.port, !config.no_metrics, {}, {}};
  for (const auto& check : config.checks) subject.check_types.push_back(check.type);
  for (const auto& reporter : config.reporters) subject.reporter_types.push_back(reporter.type);
  return subject;
}

}  // namespace

Service::Service(asio::io_context& io, const ServiceConfig& config, const Makers& makers, const Telemetry& telemetry)
    : io_(io),
      config_(config),
      events_(telemetry, subject_of(config)),
      health_(thresholds_of(config)),
      lifecycle_(config.lifecycle),
      deadline_(io, [this] { handle(DeadlineReached{}); }),
      last_answers_(config_.checks.size()),
      tasks_(io) {
  for (std::size_t i = 0; i < config_.checks.size(); ++i) {
    const auto& check = config_.checks[i];
    checks_.emplace_back(
        makers.check(check), check,
        [this, i](const Answer& answer, const CheckRunner::Timing& timing) { return on_answer(i, answer, timing); });
  }
  const ReportSubject subject{common::node_name(config_.name, config_.host, config_.port), config_.report_replay};
  for (std::size_t i = 0; i < config_.reporters.size(); ++i) {
    Reporter::Events events{.on_taken =
                                [this, i] {
                                  events_.report_taken(i);
                                  on_report(i, ReportState::taken);
                                },
                            .on_failed =
                                [this, i](const std::string& error) {
                                  events_.report_failed(i, error);
                                  on_report(i, ReportState::refused);
                                },
                            .on_notice = [this, i](const std::string& what) { events_.report_notice(i, what); }};
    announcers_.push_back({makers.reporter(config_.reporters[i], subject, std::move(events))});
  }
}

void Service::start_checks(std::size_t first_check, std::size_t all_checks) {
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const auto delay = first_delay(first_check + i, all_checks, config_.checks[i].interval);
    tasks_.spawn("check " + config_.checks[i].type + " of " + config_.name, checks_[i].run(delay));
  }
}

ServiceStatus Service::status() const {
  ServiceStatus status{.name = config_.name,
                       .host = config_.host,
                       .port = config_.port,
                       .mode = lifecycle_.mode(),
                       .max_weight = lifecycle_.max_weight(),
                       .current_weight = lifecycle_.current_weight(),
                       .available = lifecycle_.available(),
                       .state = lifecycle_.state(),
                       .reason = lifecycle_.reason(),
                       .checks = {}};
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    CheckStatus check{config_.checks[i].type, checks_[i].target(), health_.verdict(i), "", std::nullopt};
    if (const auto& last = last_answers_[i]) {
      check.reason = last->reason;
      check.last_latency = last->latency;
    }
    status.checks.push_back(std::move(check));
  }
  return status;
}

std::vector<std::string> Service::stalled_checks(TimePoint now) const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    if (const auto problem = checks_[i].stalled(now)) {
      found.push_back("check " + config_.checks[i].type + " " + checks_[i].target() + " of service " + config_.name +
                      " " + *problem);
    }
  }
  return found;
}

void Service::disable(bool shutdown, OnDisabled done) {
  if (stopped()) return done(true);
  events_.disable_asked(shutdown);
  waiting_for_disable_.push_back(std::move(done));
  handle(DisableAsked{shutdown});
}

bool Service::enable(bool force) {
  if (lifecycle_.stopping()) return false;
  events_.enable_asked(force);
  handle(EnableAsked{force});
  return true;
}

void Service::set_weight(int weight) {
  events_.weight_asked(weight);
  handle(WeightAsked{weight});
}

void Service::stop(bool now, std::function<void()> on_step) {
  on_stop_step_ = std::move(on_step);
  events_.stop_asked();
  if (now) {
    handle(StopNowAsked{});
  } else {
    handle(StopAsked{});
  }
}

bool Service::deregistered() const {
  return stopped() && confirmed();
}

bool Service::confirmed() const {
  return std::all_of(announcers_.begin(), announcers_.end(),
                     [](const Announcer& announcer) { return announcer.reporter->settled(); });
}

void Service::warn_of_unconfirmed() {
  for (std::size_t i = 0; i < announcers_.size(); ++i) {
    if (!announcers_[i].reporter->settled()) events_.not_deregistered(i);
  }
}

bool Service::on_answer(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing) {
  events_.check_answered(check, answer, timing);
  last_answers_[check] = {answer.reason, timing.latency};
  const auto change = health_.add(check, answer.passed, answer.reason);
  if (change == RiseFall::Change::changed) check_changed(check, answer);
  return change == RiseFall::Change::pending && !answer.passed;
}

void Service::check_changed(std::size_t check, const Answer& answer) {
  events_.check_changed(check, answer, checks_[check].target());
  const auto health = health_.health();
  if (health == last_health_) return;
  last_health_ = health;
  events_.health_changed(*health);
  handle(HealthChanged{*health});
}

void Service::on_report(std::size_t reporter, ReportState state) {
  announcers_[reporter].state = state;
  const auto count = [this](ReportState wanted) {
    return std::count_if(announcers_.begin(), announcers_.end(),
                         [&](const Announcer& announcer) { return announcer.state == wanted; });
  };
  const auto all = static_cast<std::ptrdiff_t>(announcers_.size());
  if (const auto taken = count(ReportState::taken); taken > 0) {
    handle(ReportAnswered{ReportState::taken, taken == all});
  } else if (count(ReportState::refused) == all) {
    handle(ReportAnswered{ReportState::refused, false});
  }
  if (stopped() && on_stop_step_) on_stop_step_();
}

void Service::handle(const Event& event) {
  for (const Decision& decision : lifecycle_.handle(event, Clock::now())) {
    std::visit([this](const auto& what) { carry_out(what); }, decision);
  }
  events_.state_is(lifecycle_.state(), lifecycle_.mode(), lifecycle_.reason());
  if (const auto deadline = lifecycle_.deadline()) {
    deadline_.set(*deadline);
  } else {
    deadline_.clear();
  }
}

void Service::carry_out(const Publish& decision) {
  events_.published(decision.record);
  for (Announcer& announcer : announcers_) {
    announcer.state = ReportState::pending;
    announcer.reporter->report({decision.record, decision.draining});
  }
}

void Service::carry_out(const RunCommand& decision) {
  events_.command_started(decision.kind);
  command_cancelled_ = std::make_shared<asio::steady_timer>(io_, asio::steady_timer::time_point::max());
  tasks_.spawn("command of " + config_.name, run_command(decision, command_cancelled_));
}

void Service::carry_out(const CancelCommand&) {
  // Not cancel(): the command's task may not have begun to wait.
  if (command_cancelled_) command_cancelled_->expires_at(asio::steady_timer::time_point::min());
  command_cancelled_.reset();
}

void Service::carry_out(const WarmupRestarted& decision) {
  events_.warmup_restarted(decision.unstable);
}

void Service::carry_out(const WarmupOver& decision) {
  events_.warmup_over(decision.by_deadline, lifecycle_.max_weight());
}

void Service::carry_out(const DisableOver& decision) {
  events_.disable_over(decision.how, confirmed());
  for (const auto& done : std::exchange(waiting_for_disable_, {})) done(decision.how != DisableOver::How::interrupted);
}

void Service::carry_out(const Stopped&) {
  if (on_stop_step_) on_stop_step_();
}

asio::awaitable<void> Service::run_command(RunCommand command, Cancelled cancelled) {
  using namespace asio::experimental::awaitable_operators;
  const CommandSettings& settings = config_.lifecycle.command(command.kind);
  common::CommandOptions options;
  options.argv = settings.argv;
  options.timeout = settings.timeout;
  boost::system::error_code ignored;
  const auto ended = co_await (common::run_command(std::move(options)) ||
                               cancelled->async_wait(asio::redirect_error(asio::use_awaitable, ignored)));
  if (ended.index() == 1) co_return;  // nobody wants to know any more
  const auto& result = std::get<0>(ended);
  events_.command_ended(command.kind, result);
  handle(CommandEnded{command.id, result.ok()});
}

}  // namespace nerve
