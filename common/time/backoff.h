// How long to wait before the next attempt: exponential with jitter, so that a thousand sidecars that lost the same
// server do not come back in the same millisecond. Pure: randomness is an argument.
#pragma once

#include <chrono>
#include <random>

namespace common {

struct BackoffLimits {
  std::chrono::milliseconds initial{100};
  std::chrono::milliseconds max{10'000};
};

class Backoff {
 public:
  explicit Backoff(BackoffLimits limits = {}) : limits_(limits), next_(limits.initial) {}

  // The next delay, between half of the nominal value and the whole of it; the nominal value then doubles up to max.
  std::chrono::milliseconds next(std::mt19937& random);

  // After a success: the next failure waits `initial` again.
  void reset() { next_ = limits_.initial; }

 private:
  BackoffLimits limits_;
  std::chrono::milliseconds next_;
};

}  // namespace common
