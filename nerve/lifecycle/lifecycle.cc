#include "nerve/lifecycle/lifecycle.h"

#include <utility>

namespace nerve {
namespace {

constexpr auto kDisabled = "service is disabled";

}  // namespace

Lifecycle::Lifecycle(LifecycleSettings settings) : settings_(std::move(settings)), full_weight_(settings_.weight) {}

Decisions Lifecycle::handle(const Event& event, TimePoint now) {
  decisions_.clear();
  if (stop_ == Stop::stopped) return {};
  std::visit([&](const auto& what) { on(what, now); }, event);
  if (stop_ != Stop::stopped) {
    follow_mode(now);
    advance_warmup(now);
    advance_drain(now);
  }
  return std::exchange(decisions_, {});
}

void Lifecycle::on(const Resumed& event, TimePoint now) {
  mode_ = event.mode;
  disabled_since_ = now;
  full_weight_ = event.full_weight.value_or(full_weight_);
  if (event.announced_weight > 0) resumed_ = event;
}

void Lifecycle::on(const HealthChanged& event, TimePoint) {
  health_ = event.health;
}

void Lifecycle::on(const CommandEnded& event, TimePoint now) {
  if (!command_ || command_->id != event.id) return;
  const CommandKind kind = command_->kind;
  command_.reset();
  switch (kind) {
    case CommandKind::pre_available:  // its failure is told, but keeps nobody from working
      begin_warmup(now);
      publish();
      return;
    case CommandKind::check_stable:
      stability_check_at_ = now + settings_.check_stable_interval;
      if (!event.ok && warmup_->restart(now)) {
        decisions_.emplace_back(WarmupRestarted{true});
        publish();
      }
      return;
    case CommandKind::disable_shutdown:
    case CommandKind::disable_grace:
      drain_->command_ended(event.ok, now);
      return;
  }
}

void Lifecycle::on(const ReportAnswered& event, TimePoint) {
  report_ = event.state;
  taken_by_all_ = event.by_all;
}

void Lifecycle::on(const DisableAsked& event, TimePoint now) {
  if (mode_ != Mode::disabled) {
    mode_ = Mode::disabled;
    disabled_since_ = now;
    shutdown_asked_ = drained_ = false;
  }
  const bool shuts_down = event.shutdown && !shutdown_asked_ && settings_.disable_shutdown.given();
  if (!drain_ && drained_ && !shuts_down) {
    decisions_.emplace_back(DisableOver{DisableOver::How::done});
    if (stop_ == Stop::draining) finish_stop(Leave::nothing);
    return;
  }
  if (!drain_) drain_.emplace(settings_, disabled_since_, now);
  if (event.shutdown && !shutdown_asked_) {
    shutdown_asked_ = true;
    drain_->ask_shutdown();
  }
}

void Lifecycle::on(const EnableAsked& event, TimePoint) {
  if (stopping()) return;
  mode_ = event.force ? Mode::forced : Mode::enabled;
  if (!drain_) return;
  cancel_command();
  drain_.reset();
  decisions_.emplace_back(DisableOver{DisableOver::How::interrupted});
}

void Lifecycle::on(const WeightAsked& event, TimePoint) {
  full_weight_ = event.weight;
  publish();
}

void Lifecycle::on(const StopAsked& event, TimePoint now) {
  if (stopping()) return;
  stop_ = Stop::draining;
  if (settings_.down_on_shutdown || !event.shutdown) {
    on(DisableAsked{true}, now);
  } else {
    finish_stop(Leave::registration);
  }
}

void Lifecycle::on(const StopNowAsked&, TimePoint) {
  finish_stop(Leave::nothing);
}

void Lifecycle::on(const HandOverAsked&, TimePoint) {
  finish_stop(Leave::registration);
}

void Lifecycle::on(const DeadlineReached&, TimePoint) {}

// Going up and going down.
void Lifecycle::follow_mode(TimePoint now) {
  if (wants_up()) {
    if (phase_ == Phase::down) go_up(now);
    return;
  }
  if (phase_ != Phase::down) {
    phase_ = Phase::down;
    warmup_.reset();
    cancel_command();
  }
  publish();
  if (health_ || mode_ == Mode::disabled) resumed_.reset();
}

void Lifecycle::go_up(TimePoint now) {
  // What the world reads as available already needs no preparation, and falls back behind no step it has reached.
  if (const auto past = std::exchange(resumed_, std::nullopt)) {
    begin_warmup(now);
    warmup_->resume(past->announced_weight, full_weight_);
    if (past->warmed_up || past->announced_weight >= full_weight_) {
      phase_ = Phase::steady;
      warmup_.reset();
    }
    publish();
  } else if (settings_.pre_available.given()) {
    phase_ = Phase::preparing;
    run(CommandKind::pre_available);
  } else {
    begin_warmup(now);
    publish();
  }
}

void Lifecycle::begin_warmup(TimePoint now) {
  phase_ = Phase::warming;
  warmup_.emplace(settings_.warmup_interval, settings_.warmup_max_duration, now);
  stability_check_at_ = now;
}

void Lifecycle::advance_warmup(TimePoint now) {
  if (phase_ != Phase::warming) return;
  switch (const auto progress = warmup_->advance(now, report_)) {
    case Warmup::Progress::none:
      break;
    case Warmup::Progress::restarted:
      decisions_.emplace_back(WarmupRestarted{false});
      break;
    case Warmup::Progress::stepped:
      break;
    case Warmup::Progress::finished:
    case Warmup::Progress::gave_up:
      phase_ = Phase::steady;
      warmup_.reset();
      cancel_command();
      decisions_.emplace_back(WarmupOver{progress == Warmup::Progress::gave_up});
      break;
  }
  publish();
  if (phase_ == Phase::warming && settings_.check_stable.given() && !command_ && now >= stability_check_at_) {
    run(CommandKind::check_stable);
  }
}

void Lifecycle::advance_drain(TimePoint now) {
  if (!drain_) return;
  const Drain::Next next = drain_->next(now, announced());
  if (next.cancel_command) cancel_command();
  if (next.run) run(*next.run);
  if (!next.over) return;
  decisions_.emplace_back(
      DisableOver{drain_->max_reached() ? DisableOver::How::max_duration_reached : DisableOver::How::done});
  drained_ = !drain_->max_reached();
  drain_.reset();
  if (stop_ == Stop::draining) {
    finish_stop(Leave::nothing);
  } else {
    publish();
  }
}

void Lifecycle::publish() {
  Publish wanted{wanted_record()};
  const bool in_use = available() || published_.draining || resumed_;
  wanted.draining = drain_ && in_use && wanted.record && !wanted.record->available;
  if (wanted == published_) return;
  published_ = wanted;
  report_ = ReportState::pending;
  taken_by_all_ = false;
  decisions_.emplace_back(std::move(wanted));
}

void Lifecycle::run(CommandKind kind) {
  cancel_command();
  command_ = Command{++last_command_id_, kind};
  decisions_.emplace_back(RunCommand{command_->id, kind});
}

void Lifecycle::cancel_command() {
  if (!command_) return;
  command_.reset();
  decisions_.emplace_back(CancelCommand{});
}

void Lifecycle::finish_stop(Leave leave) {
  stop_ = Stop::stopped;
  cancel_command();
  if (drain_) decisions_.emplace_back(DisableOver{DisableOver::How::interrupted});
  drain_.reset();
  warmup_.reset();
  if (leave == Leave::nothing) {
    phase_ = Phase::down;
    published_ = {};
    // Also when nothing was published: an earlier life of this instance may have left its registration.
    decisions_.emplace_back(Publish{});
  }
  decisions_.emplace_back(Stopped{});
}

State Lifecycle::state() const {
  if (available()) return State::available;
  if (drain_) return State::draining;
  if (stopped() && !published_.record) return State::removed;
  if (mode_ == Mode::disabled) return State::disabled;
  return published_.record ? State::unavailable : State::unknown;
}

std::string Lifecycle::reason() const {
  if (available()) return {};
  if (stopping()) return "nerve is stopping";
  if (mode_ == Mode::disabled) return kDisabled;
  if (phase_ == Phase::preparing) return "the pre-available command has not ended yet";
  if (!health_) return "not every check has a verdict yet";
  return health_->reason;
}

bool Lifecycle::wants_up() const {
  return mode_ == Mode::forced || (mode_ == Mode::enabled && health_ && health_->up);
}

std::optional<common::Registration> Lifecycle::wanted_record() const {
  switch (phase_) {
    case Phase::preparing:
      return published_.record;  // as before, until the command has ended
    case Phase::warming:
    case Phase::steady: {
      common::Registration record = settings_.record;
      record.available = true;
      record.weight = warmup_ ? warmup_->weight(full_weight_) : full_weight_;
      return record;
    }
    case Phase::down:
      break;
  }
  // Without a verdict, too, where the world reads what was registered before.
  if (mode_ == Mode::disabled && (health_ || published_.record || resumed_)) return down_record(kDisabled);
  if (health_ && !health_->up) return down_record(health_->reason);
  return std::nullopt;  // nothing is known
}

common::Registration Lifecycle::down_record(const std::string& reason) const {
  common::Registration record = settings_.record;
  record.available = false;
  record.unavailable_reason = reason;
  record.weight = 0;
  return record;
}

std::optional<TimePoint> Lifecycle::deadline() const {
  std::optional<TimePoint> earliest;
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when && (!earliest || *when < *earliest)) earliest = when;
  };
  if (warmup_) {
    consider(warmup_->deadline());
    if (settings_.check_stable.given() && !command_) consider(stability_check_at_);
  }
  if (drain_) consider(drain_->deadline(announced()));
  return earliest;
}

}  // namespace nerve
