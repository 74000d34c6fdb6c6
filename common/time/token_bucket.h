// At most `rate` actions per second on average, and `burst` of them in a row. Pure: the time is an argument.
#pragma once

#include <algorithm>
#include <chrono>

namespace common {

class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  // Full at first. `rate` is above 0, `burst` at least 1.
  TokenBucket(double rate, double burst, Clock::time_point now)
      : rate_(rate), burst_(burst), tokens_(burst), as_of_(now) {}

  // Goes on with what another one has left, which may have had another rate and burst.
  void follow(TokenBucket other, Clock::time_point now) {
    other.refill(now);
    tokens_ = std::min(burst_, other.tokens_);
    as_of_ = now;
  }

  // Takes a token, if there is one.
  bool take(Clock::time_point now) {
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  // When take() can succeed again; `now` when it can at once.
  Clock::time_point next(Clock::time_point now) {
    refill(now);
    if (tokens_ >= 1) return now;
    return now + std::chrono::ceil<Clock::duration>(std::chrono::duration<double>((1 - tokens_) / rate_));
  }

 private:
  void refill(Clock::time_point now) {
    const std::chrono::duration<double> passed = now - as_of_;
    as_of_ = now;
    // The hair makes up for rounding, so that a token is there at the time that next() named.
    tokens_ = std::min(burst_, tokens_ + passed.count() * rate_ + 1e-9);
  }

  double rate_;
  double burst_;
  double tokens_;
  Clock::time_point as_of_;
};

}  // namespace common
