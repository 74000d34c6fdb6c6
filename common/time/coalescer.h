// When to act on a stream of changes. The first change after a calm acts at once; changes that follow closely are
// gathered until they pause, but none waits longer than `max_wait`. One Coalescer per service, so that one service's
// noise never delays another. Pure: the time is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace common {

class Coalescer {
 public:
  using Clock = std::chrono::steady_clock;

  // quiet: how long a burst must pause before it counts as over (never longer than max_wait).
  Coalescer(Clock::duration max_wait, Clock::duration quiet = std::chrono::milliseconds(10))
      : max_wait_(max_wait), quiet_(std::min(quiet, max_wait)) {}

  // Something changed.
  void changed(Clock::time_point now);

  // When to act next; nothing when no change is waiting. May lie in the past.
  std::optional<Clock::time_point> due() const;

  // The waiting changes are being acted on.
  void acted(Clock::time_point now);

 private:
  Clock::duration max_wait_;
  Clock::duration quiet_;
  std::optional<Clock::time_point> first_waiting_;
  std::optional<Clock::time_point> last_change_;
  std::optional<Clock::time_point> last_act_;
  bool in_burst_ = false;
};

}  // namespace common
