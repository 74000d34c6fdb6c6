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

// With a registry that does not answer, a service must still go its way.
constexpr Milliseconds kLookLimit{1000};

}  // namespace

Service::Service(asio::io_context& io, const ServiceConfig& config, const Makers& makers, const Telemetry& telemetry,
                 std::function<void()> on_step)
    : io_(io),
      config_(config),
      events_(telemetry, subject_of(config)),
      health_(thresholds_of(config)),
      lifecycle_(config.lifecycle),
      gate_(config.lifecycle.rate_limit, Clock::now()),
      deadline_(io, [this] { handle(DeadlineReached{}); }),
      look_limit_(io, [this] { activate(); }),
      held_until_(io, [this] { offer(*held_); }),
      last_answers_(config_.checks.size()),
      on_step_(std::move(on_step)),
      tasks_(io) {
  for (std::size_t i = 0; i < config_.checks.size(); ++i) {
    const auto& check = config_.checks[i];
    checks_.emplace_back(
        makers.check(check), check,
        [this, i](const Answer& answer, const CheckRunner::Timing& timing) { return on_answer(i, answer, timing); });
  }
  const ReportSubject subject{common::node_name(config_.name, config_.host, config_.port), config_.report_replay,
                              config_.lifecycle.record};
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
                            .on_notice = [this, i](const std::string& what) { events_.report_notice(i, what); },
                            .on_looked = [this](const std::optional<common::Registration>& found) { looked(found); }};
    announcers_.push_back({.reporter = makers.reporter(config_.reporters[i], subject, std::move(events)),
                           .place = place_of(config_.reporters[i], subject.node_name)});
  }
}

void Service::start_checks(std::size_t first_check, std::size_t all_checks) {
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const auto delay = first_delay(first_check + i, all_checks, config_.checks[i].interval);
    tasks_.spawn("check " + config_.checks[i].type + " of " + config_.name, checks_[i].run(delay));
  }
}

void Service::start(const Resumed& past) {
  past_ = past;
  phase_ = Phase::looking;
  look_limit_.set(Clock::now() + (still_looking() ? kLookLimit : Milliseconds(0)));
}

bool Service::still_looking() const {
  return std::any_of(announcers_.begin(), announcers_.end(),
                     [](const Announcer& announcer) { return announcer.reporter && announcer.reporter->looking(); });
}

void Service::looked(const std::optional<common::Registration>& found) {
  if (phase_ != Phase::looking) return;
  if (found && found->available) {
    past_.announced_weight = std::max(past_.announced_weight, found->weight.value_or(lifecycle_.max_weight()));
  }
  if (!still_looking()) activate();
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
  predecessor.release_places_of(*this);
  events_.follow(predecessor.events_);
  begin();
}

void Service::release_places_of(const Service& successor) {
  handle(HandOverAsked{});
  phase_ = Phase::relieved;
  held_.reset();
  held_until_.clear();
  tasks_.cancel();
  for (Announcer& announcer : announcers_) {
    const auto same = [&](const Announcer& other) { return other.place == announcer.place; };
    if (std::any_of(successor.announcers_.begin(), successor.announcers_.end(), same)) announcer.reporter.reset();
  }
}

void Service::remove_rest() {
  if (std::exchange(rest_removal_asked_, true)) return;
  for (const Announcer& announcer : announcers_) {
    if (announcer.reporter) announcer.reporter->report({});
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
  if (phase_ == Phase::looking) activate();
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

bool Service::confirmed() const {
  return !held_ && std::all_of(announcers_.begin(), announcers_.end(), [](const Announcer& announcer) {
    return !announcer.reporter || announcer.reporter->settled();
  });
}

void Service::warn_of_unconfirmed() {
  for (std::size_t i = 0; i < announcers_.size(); ++i) {
    if (announcers_[i].reporter && !announcers_[i].reporter->settled()) events_.not_deregistered(i);
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
  if (phase_ == Phase::active) {
    handle(HealthChanged{*health});
  } else {
    on_step_();
  }
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
  on_step_();
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
  for (Announcer& announcer : announcers_) announcer.state = ReportState::pending;
  offer(decision);
}

void Service::offer(const Publish& report) {
  switch (gate_.ask(report, Clock::now())) {
    case ReportGate::Answer::hold:
      if (!held_) events_.report_held(false);
      held_ = report;
      return held_until_.set(*gate_.due());
    case ReportGate::Answer::pass_in_shadow:
      events_.report_held(true);
      return send(report);
    case ReportGate::Answer::pass:
      return send(report);
  }
}

void Service::send(const Publish& report) {
  const Publish sent = report;  // it may be the one that was held
  held_.reset();
  held_until_.clear();
  events_.published(sent.record);
  for (const Announcer& announcer : announcers_) {
    if (announcer.reporter) announcer.reporter->report({sent.record, sent.draining});
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
  events_.command_ended(command.kind, result);
  handle(CommandEnded{command.id, result.ok()});
}

}  // namespace nerve
