// How long an instance leaves things as somebody else wants them, so that nobody fights for ever. Pure: time and
// randomness are arguments.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "common/time/backoff.h"
#include "common/time/token_bucket.h"

namespace common::zookeeper {

class Restraint {
 public:
  using Clock = TokenBucket::Clock;

  explicit Restraint(Clock::time_point now) : next_take_over_(now), mends_(kMendsPerSecond, kMendsAtOnce, now) {}

  // The pause before a node of another session is taken over; zero: now. Two live processes that announce one instance
  // would take it from each other for ever: after the first time each waits longer.
  std::chrono::milliseconds before_take_over(Clock::time_point now, std::mt19937& random) {
    if (now < next_take_over_) return std::chrono::ceil<std::chrono::milliseconds>(next_take_over_ - now);
    if (now > next_take_over_ + kTakeOverPause.max) take_over_pause_.reset();
    next_take_over_ = now + take_over_pause_.next(random);
    return {};
  }

  // The same before what somebody did to our node is mended: whoever does it again and again gets his way most of the
  // time, instead of a storm of writes.
  std::chrono::milliseconds before_mending(Clock::time_point now) {
    if (mends_.take(now)) return {};
    return std::max(std::chrono::milliseconds(1), std::chrono::ceil<std::chrono::milliseconds>(mends_.next(now) - now));
  }

 private:
  static constexpr BackoffLimits kTakeOverPause{std::chrono::milliseconds(1'000), std::chrono::milliseconds(60'000)};
  static constexpr double kMendsPerSecond = 1;
  static constexpr double kMendsAtOnce = 10;

  Backoff take_over_pause_{kTakeOverPause};
  Clock::time_point next_take_over_;
  TokenBucket mends_;
};

}  // namespace common::zookeeper
