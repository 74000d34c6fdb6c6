// At most one action per interval: for what is expensive to others, such as an HAProxy reload. Pure.
#pragma once

#include <chrono>
#include <optional>

namespace common {

class MinInterval {
 public:
  using Clock = std::chrono::steady_clock;

  explicit MinInterval(Clock::duration interval) : interval_(interval) {}

  // The earliest time at which the next action may start: `now` when it may start at once.
  Clock::time_point earliest(Clock::time_point now) const {
    if (!last_ || *last_ + interval_ <= now) return now;
    return *last_ + interval_;
  }

  void acted(Clock::time_point now) { last_ = now; }

  void set_interval(Clock::duration interval) { interval_ = interval; }

 private:
  Clock::duration interval_;
  std::optional<Clock::time_point> last_;
};

}  // namespace common
