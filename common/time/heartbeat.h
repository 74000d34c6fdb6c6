// Tells when a loop was held up: it beats every two seconds, and each beat shows how late it is. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>

#include "common/time/beat.h"

namespace common {

class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;
  // Longer than a supervisor's usual pause between two looks, which is 10 s.
  static constexpr std::chrono::seconds kMemory{15};

  explicit Heartbeat(Clock::time_point now) : due_(next_beat(now)) {}

  // When the next beat is due.
  Clock::time_point due() const { return due_; }

  void beat(Clock::time_point now) {
    beats_.push_back({now, now - due_});
    while (beats_.front().time < now - kMemory) beats_.pop_front();
    due_ = next_beat(now);
  }

  // How late the latest beat was, or the next one is already.
  Clock::duration lateness(Clock::time_point now) const {
    const auto last = beats_.empty() ? Clock::duration::zero() : beats_.back().lateness;
    return now > due_ ? std::max(now - due_, last) : last;
  }

  // The same for the last 15 seconds.
  Clock::duration worst_lateness(Clock::time_point now) const {
    auto worst = now - due_;
    for (const Beat& beat : beats_) {
      if (beat.time >= now - kMemory) worst = std::max(worst, beat.lateness);
    }
    return std::max(worst, Clock::duration::zero());
  }

 private:
  struct Beat {
    Clock::time_point time;
    Clock::duration lateness;
  };

  Clock::time_point due_;
  std::deque<Beat> beats_;
};

}  // namespace common
