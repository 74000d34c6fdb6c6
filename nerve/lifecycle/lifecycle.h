// What the world should read about one service: the rules of coming up (pre-available command, warm-up), going down,
// being disabled, enabled and forced by an operator, and stopping. Events and the time come in, decisions come out;
// Service carries them out. Owned by Service. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/registration/registration.h"
#include "nerve/health/service_health.h"
#include "nerve/lifecycle/drain.h"
#include "nerve/lifecycle/settings.h"
#include "nerve/lifecycle/state.h"
#include "nerve/lifecycle/warmup.h"

namespace nerve {

// What happened.

// There was an earlier life of this service (nerve was started again, or its configuration changed), which this one
// continues. The first event, if it comes at all.
struct Resumed {
  Mode mode = Mode::enabled;
  std::optional<int> full_weight;  // as set by an operator
  int announced_weight = 0;        // that the world still reads; 0: not available
  bool warmed_up = false;

  friend bool operator==(const Resumed&, const Resumed&) = default;
};
struct HealthChanged {
  Health health;
};
struct CommandEnded {
  std::uint64_t id;
  bool ok;
};
struct ReportAnswered {
  ReportState state;  // of the record published last
  bool by_all;        // taken by every reporter
};
struct DisableAsked {
  bool shutdown;
};
struct EnableAsked {
  bool force;
};
struct WeightAsked {
  int weight;  // 1..255
};
// Disable, then remove the registration. At a shutdown it may be configured to be left to the next life instead.
struct StopAsked {
  bool shutdown = true;
};
struct StopNowAsked {};     // remove the registration without waiting for anything
struct HandOverAsked {};    // end, and leave the registration to the next life
struct DeadlineReached {};  // deadline() has come
using Event = std::variant<Resumed, HealthChanged, CommandEnded, ReportAnswered, DisableAsked, EnableAsked, WeightAsked,
                           StopAsked, StopNowAsked, HandOverAsked, DeadlineReached>;

// What to do about it, in this order.
struct Publish {
  std::optional<common::Registration> record;  // nothing: the registration goes away
  bool draining = false;                       // the world still used it when the disable came; the drain is under way
  friend bool operator==(const Publish&, const Publish&) = default;
};
struct RunCommand {
  std::uint64_t id;
  CommandKind kind;
  friend bool operator==(const RunCommand&, const RunCommand&) = default;
};
// The command that runs is not needed any more; its end is of no interest.
struct CancelCommand {
  friend bool operator==(const CancelCommand&, const CancelCommand&) = default;
};
struct WarmupRestarted {
  bool unstable;  // the stability command failed; otherwise no reporter took the report
  friend bool operator==(const WarmupRestarted&, const WarmupRestarted&) = default;
};
struct WarmupOver {
  bool by_deadline;
  friend bool operator==(const WarmupOver&, const WarmupOver&) = default;
};
// Whoever asked for the disabling can be answered.
struct DisableOver {
  enum class How { done, max_duration_reached, interrupted };
  How how;
  friend bool operator==(const DisableOver&, const DisableOver&) = default;
};
// Nothing more will be published.
struct Stopped {
  friend bool operator==(const Stopped&, const Stopped&) = default;
};
using Decision = std::variant<Publish, RunCommand, CancelCommand, WarmupRestarted, WarmupOver, DisableOver, Stopped>;
using Decisions = std::vector<Decision>;

class Lifecycle {
 public:
  using Mode = nerve::Mode;

  explicit Lifecycle(LifecycleSettings settings);
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  Decisions handle(const Event& event, TimePoint now);

  // When DeadlineReached is due; nothing while only an event can change something. May lie in the past.
  std::optional<TimePoint> deadline() const;

  Mode mode() const { return mode_; }
  State state() const;
  std::string reason() const;  // why it is not available; empty when it is
  bool stopping() const { return stop_ != Stop::no; }
  bool stopped() const { return stop_ == Stop::stopped; }
  bool draining() const { return drain_.has_value(); }
  // It was up and has no steps of its warm-up left.
  bool warmed_up() const { return phase_ == Phase::steady; }
  int max_weight() const { return full_weight_; }
  int current_weight() const { return available() ? *published_.record->weight : 0; }
  bool available() const { return published_.record && published_.record->available; }

 private:
  enum class Phase { down, preparing, warming, steady };
  enum class Stop { no, draining, stopped };
  struct Command {
    std::uint64_t id;
    CommandKind kind;
  };

  void on(const Resumed& event, TimePoint now);
  void on(const HealthChanged& event, TimePoint now);
  void on(const CommandEnded& event, TimePoint now);
  void on(const ReportAnswered& event, TimePoint now);
  void on(const DisableAsked& event, TimePoint now);
  void on(const EnableAsked& event, TimePoint now);
  void on(const WeightAsked& event, TimePoint now);
  void on(const StopAsked& event, TimePoint now);
  void on(const StopNowAsked& event, TimePoint now);
  void on(const HandOverAsked& event, TimePoint now);
  void on(const DeadlineReached& event, TimePoint now);

  void follow_mode(TimePoint now);
  void go_up(TimePoint now);
  void begin_warmup(TimePoint now);
  void advance_warmup(TimePoint now);
  void advance_drain(TimePoint now);
  void publish();
  void run(CommandKind kind);
  void cancel_command();
  enum class Leave { nothing, registration };
  void finish_stop(Leave leave);

  bool wants_up() const;
  bool announced() const { return !published_.record || taken_by_all_; }
  std::optional<common::Registration> wanted_record() const;
  common::Registration down_record(const std::string& reason) const;

  const LifecycleSettings settings_;
  int full_weight_;
  Mode mode_ = Mode::enabled;
  Phase phase_ = Phase::down;
  Stop stop_ = Stop::no;
  std::optional<Health> health_;
  std::optional<Resumed> resumed_;  // until it has come up or is known to be down
  Publish published_;               // nothing at first
  ReportState report_ = ReportState::pending;
  bool taken_by_all_ = false;

  std::optional<Warmup> warmup_;    // in Phase::warming
  TimePoint stability_check_at_;    // in Phase::warming
  std::optional<Drain> drain_;      // while a disable is under way
  TimePoint disabled_since_;        // in Mode::disabled
  bool shutdown_asked_ = false;     // since it was disabled: the command must not run twice
  bool drained_ = false;            // a disable has come to its end since then
  std::optional<Command> command_;  // at most one at a time
  std::uint64_t last_command_id_ = 0;

  Decisions decisions_;  // of the event that is being handled
};

}  // namespace nerve
