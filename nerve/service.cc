#include "nerve/service.h"

#include <algorithm>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/process/command.h"
#include "common/runtime/descriptor_limit.h"
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

// With a registry that does not answer, a service must still go its way.
constexpr Milliseconds kLookLimit{1000};
// An exec check needs most: a pipe, and what follows the process.
constexpr int kDescriptorsOfACheck = 8;

}  // namespace

Service::Service(asio::io_context& io, const ServiceConfig& config, const Makers& makers, const Telemetry& telemetry,
                 std::function<void()> on_step)
    : io_(io),
      config_(config),
      events_(telemetry, subject_of(config)),
      health_(thresholds_of(config)),
      lifecycle_(config.lifecycle),
      deadline_(io, [this] { handle(DeadlineReached{}); }),
      look_limit_(io, [this] { activate(); }),
      last_answers_(config_.checks.size()),
      announcer_(io, config_, makers.reporter, events_,
                 {.on_answered =
                      [this](ReportState state, bool by_all) {
                        handle(ReportAnswered{state, by_all});
                      },
                  .on_looked = [this](const std::optional<common::Registration>& found) { looked(found); }}),
      on_step_(std::move(on_step)),
      tasks_(io) {
  for (std::size_t i = 0; i < config_.checks.size(); ++i) {
    const auto& check = config_.checks[i];
    checks_.emplace_back(
        makers.check(check), check,
        [this, i](const Answer& answer, const CheckRunner::Timing& timing) { return on_answer(i, answer, timing); });
  }
}

void Service::start_checks(std::size_t first_check, std::size_t all_checks) {
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const auto interval = config_.checks[i].interval;
    const auto delay = first_delay(first_check + i, all_checks, interval);
    tasks_.spawn("check " + config_.checks[i].type + " of " + config_.name,
                 checks_[i].run(delay, start_grid(all_checks, interval)));
  }
}

void Service::start(const Resumed& past) {
  past_ = past;
  phase_ = Phase::looking;
  look_limit_.set(Clock::now() + (announcer_.looking() ? kLookLimit : Milliseconds(0)));
}

void Service::looked(const std::optional<common::Registration>& found) {
  if (phase_ != Phase::looking) return;
  if (found && found->available) {
    past_.announced_weight = std::max(past_.announced_weight, found->weight.value_or(lifecycle_.max_weight()));
  }
  if (!announcer_.looking()) activate();
}

void Service::activate() {
  if (past_.announced_weight > 0 || past_.mode != Mode::enabled) events_.resumed(past_);
  begin();
}

void Service::begin() {
  look_limit_.clear();
  phase_ = Phase::active;
  process(past_);
  if (last_health_) process(HealthChanged{*last_health_});
  processed();
}

void Service::inherit_health(const Service& predecessor) {
  health_ = predecessor.health_;
  last_health_ = predecessor.last_health_;
  last_answers_ = predecessor.last_answers_;
}

Resumed Service::past() const {
  if (looking()) return past_;  // the lifecycle has not been told
  Resumed past;
  past.mode = lifecycle_.mode();
  if (lifecycle_.max_weight() != config_.lifecycle.weight) past.full_weight = lifecycle_.max_weight();
  past.announced_weight = lifecycle_.current_weight();
  past.warmed_up = lifecycle_.warmed_up();
  return past;
}

void Service::relieve(Service& predecessor, bool resume) {
  past_ = resume ? predecessor.past() : Resumed{};
  // A new weight in the configuration counts more than what an operator has set before.
  if (config_.lifecycle.weight != predecessor.config_.lifecycle.weight) past_.full_weight.reset();
  predecessor.handle(HandOverAsked{});
  predecessor.phase_ = Phase::relieved;
  predecessor.look_limit_.clear();
  predecessor.tasks_.cancel();
  announcer_.follow(predecessor.announcer_);
  predecessor.announcer_.yield_to(announcer_);
  events_.follow(predecessor.events_);
  begin();
}

ServiceStatus Service::status() const {
  ServiceStatus status{.name = config_.name,
                       .host = config_.host,
                       .port = config_.port,
                       .mode = phase_ == Phase::looking ? past_.mode : lifecycle_.mode(),
                       .max_weight = lifecycle_.max_weight(),
                       .current_weight = lifecycle_.current_weight(),
                       .available = lifecycle_.available(),
                       .state = lifecycle_.state(),
                       .reason = lifecycle_.reason(),
                       .checks = {},
                       .reporters = announcer_.status()};
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
  if (phase_ == Phase::looking) {
    // What an earlier life has left is not known yet, and may say that it is available.
    if (announcer_.looking()) past_.announced_weight = std::max(past_.announced_weight, 1);
    activate();
  }
  events_.disable_asked(shutdown);
  waiting_for_disable_.push_back(std::move(done));
  handle(DisableAsked{shutdown});
}

bool Service::enable(bool force) {
  if (lifecycle_.stopping()) return false;
  if (phase_ == Phase::looking) activate();
  events_.enable_asked(force);
  handle(EnableAsked{force});
  return true;
}

void Service::set_weight(int weight) {
  if (phase_ == Phase::looking) activate();
  events_.weight_asked(weight);
  handle(WeightAsked{weight});
}

void Service::stop(Ending ending) {
  if (phase_ == Phase::looking && ending != Ending::hand_over) activate();
  events_.stop_asked();
  switch (ending) {
    case Ending::removal:
      return handle(StopAsked{.shutdown = false});
    case Ending::shutdown:
      kept_ = !stopped() && !stopping() && !config_.lifecycle.down_on_shutdown;
      return handle(StopAsked{.shutdown = true});
    case Ending::now:
      return handle(StopNowAsked{});
    case Ending::hand_over:
      kept_ = !stopped();
      return handle(HandOverAsked{});
  }
}

bool Service::on_answer(std::size_t check, const Answer& answer, const CheckRunner::Timing& timing) {
  last_answers_[check] = {answer.reason, timing.latency};
  // That could not be asked, which says nothing about what is checked: all services would go at once.
  if (!answer.passed && !common::descriptors_left(kDescriptorsOfACheck)) {
    events_.check_not_made(check, answer);
    return false;
  }
  events_.check_answered(check, answer, timing);
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
  if (phase_ == Phase::active) {
    handle(HealthChanged{*health});
  } else {
    on_step_();
  }
}

void Service::handle(const Event& event) {
  process(event);
  processed();
}

void Service::process(const Event& event) {
  for (const Decision& decision : lifecycle_.handle(event, Clock::now())) {
    std::visit([this](const auto& what) { carry_out(what); }, decision);
  }
}

void Service::processed() {
  events_.state_is(lifecycle_.state(), lifecycle_.mode(), lifecycle_.reason());
  if (const auto deadline = lifecycle_.deadline()) {
    deadline_.set(*deadline);
  } else {
    deadline_.clear();
  }
  on_step_();
}

void Service::carry_out(const Publish& decision) {
  announcer_.announce(decision);
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

void Service::carry_out(const Stopped&) {}  // handle() says so

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
  events_.command_ended(command.kind, settings.argv.front(), result);
  handle(CommandEnded{command.id, result.ok()});
}

}  // namespace nerve
