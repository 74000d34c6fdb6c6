// How long to wait for answers that come one by one before acting on all of them together: for some time, and longer
// while one follows the other. Pure: the time is an argument.
#pragma once

#include <algorithm>
#include <chrono>

namespace common {

class Gathering {
 public:
  using Clock = std::chrono::steady_clock;

  // At least `at_least`; then until nothing has come for `pause`, or `at_most` is over.
  constexpr Gathering(Clock::duration at_least, Clock::duration pause, Clock::duration at_most)
      : at_least_(at_least), pause_(pause), at_most_(at_most) {}

  void begin(Clock::time_point now) {
    latest_ = now + at_most_;
    until_ = now + at_least_;
  }

  // One that is too late changes nothing.
  void heard(Clock::time_point now) {
    if (now < until_) until_ = std::max(until_, std::min(now + pause_, latest_));
  }

  Clock::time_point until() const { return until_; }

 private:
  Clock::duration at_least_;
  Clock::duration pause_;
  Clock::duration at_most_;
  Clock::time_point latest_{};
  Clock::time_point until_{};
};

}  // namespace common
