#include "nerve/lifecycle/drain.h"

#include <algorithm>

namespace nerve {

Drain::Drain(const LifecycleSettings& settings, TimePoint down_since, TimePoint now)
    : settings_(settings),
      down_since_(down_since),
      started_(now),
      grace_at_(now),
      grace_wanted_(settings.disable_grace.given()) {}

void Drain::command_ended(bool ok, TimePoint now) {
  if (running_ == CommandKind::disable_grace) {
    if (ok) grace_wanted_ = false;
    grace_at_ = now + settings_.disable_grace.timeout;
  }
  running_.reset();
}

Drain::Next Drain::next(TimePoint now, bool announced) {
  Next next;
  if (running_ == CommandKind::disable_shutdown) return next;
  if (grace_wanted_ && now >= started_ + settings_.disable_max_duration) {
    max_reached_ = true;
    grace_wanted_ = false;
    next.cancel_command = running_.has_value();
    running_.reset();
  }
  if (running_) return next;
  if (!announced && now < started_ + kAnnounceLimit) return next;
  if (shutdown_wanted_ && !shutdown_started_) {
    shutdown_started_ = true;
    running_ = next.run = CommandKind::disable_shutdown;
  } else if (grace_wanted_) {
    if (now >= grace_at_) running_ = next.run = CommandKind::disable_grace;
  } else {
    next.over = now >= down_since_ + settings_.disable_min_duration;
  }
  return next;
}

std::optional<TimePoint> Drain::deadline(bool announced) const {
  if (running_ == CommandKind::disable_shutdown) return std::nullopt;
  const TimePoint max = started_ + settings_.disable_max_duration;
  if (running_) return max;
  const TimePoint may_start = announced ? started_ : started_ + kAnnounceLimit;
  if (shutdown_wanted_ && !shutdown_started_) return may_start;
  if (grace_wanted_) return std::min(max, std::max(grace_at_, may_start));
  return std::max(may_start, down_since_ + settings_.disable_min_duration);
}

Milliseconds longest_drain(const LifecycleSettings& settings) {
  Milliseconds longest = Drain::kAnnounceLimit;
  // A grace command that runs when the request comes is waited for first.
  if (settings.disable_grace.given() && settings.disable_shutdown.given()) longest += settings.disable_grace.timeout;
  if (settings.disable_shutdown.given()) longest += settings.disable_shutdown.timeout;
  if (settings.disable_grace.given()) longest = std::max(longest, settings.disable_max_duration);
  return std::max(longest, settings.disable_min_duration);
}

}  // namespace nerve
