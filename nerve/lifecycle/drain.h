// The order of events while a service is being disabled: the world is told, the shutdown command runs, then the command
// that says whether the service is idle, and a minimum time passes so that its users can go. Owned by Lifecycle. Pure.
#pragma once

#include <optional>

#include "nerve/lifecycle/settings.h"

namespace nerve {

class Drain {
 public:
  // What is to be done next, in this order.
  struct Next {
    bool cancel_command = false;
    std::optional<CommandKind> run;
    bool over = false;

    friend bool operator==(const Next&, const Next&) = default;
  };

  // How long the shutdown command waits for the reporters to take the news: with a registry that does not answer, the
  // service must still stop.
  static constexpr Milliseconds kAnnounceLimit{1000};

  // `down_since`: when the service was disabled, from which the minimum counts; `now`: of this request, from which the
  // maximum counts.
  Drain(const LifecycleSettings& settings, TimePoint down_since, TimePoint now);

  // The shutdown command shall run too. Runs once.
  void ask_shutdown() { shutdown_wanted_ = settings_.disable_shutdown.given(); }

  void command_ended(bool ok, TimePoint now);

  // `announced`: every reporter took the news.
  Next next(TimePoint now, bool announced);

  // The graceful-done command never succeeded within the maximum.
  bool max_reached() const { return max_reached_; }

  std::optional<TimePoint> deadline(bool announced) const;

 private:
  const LifecycleSettings& settings_;
  TimePoint down_since_;
  TimePoint started_;
  TimePoint grace_at_;
  bool shutdown_wanted_ = false;
  bool shutdown_started_ = false;
  bool grace_wanted_;
  bool max_reached_ = false;
  std::optional<CommandKind> running_;
};

// The longest that a drain with a shutdown can take.
[[nodiscard]] Milliseconds longest_drain(const LifecycleSettings& settings);

}  // namespace nerve
