// When a check starts. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace nerve {

// The starts of one check: at its interval, counted from its first start, so that the checks of a process stay spread
// whatever held them up; and sooner while a failure waits to be confirmed. Starts that were missed are not made up for.
class Schedule {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  // `fast_interval`: 0 when failures change nothing. `grid`: the regular starts but the first are whole intervals
  // behind a multiple of it.
  Schedule(Duration interval, Duration fast_interval, TimePoint first, Duration grid = Duration(1))
      : interval_(interval),
        fast_interval_(fast_interval),
        first_(first - first.time_since_epoch() % grid),  // no start is later than the interval says
        due_(first) {}

  TimePoint due() const { return due_; }

  // The check that was due has run. `undecided`: it failed, and that is not the verdict yet.
  void ran(TimePoint started, TimePoint ended, bool undecided) {
    if (undecided && fast_interval_ > Duration::zero()) {
      due_ = std::max(started + fast_interval_, ended);
    } else {
      due_ = std::max(regular_before(started) + interval_, regular_before(ended));
    }
  }

 private:
  // The last regular start at `time` or before.
  TimePoint regular_before(TimePoint time) const { return first_ + (time - first_) / interval_ * interval_; }

  Duration interval_;
  Duration fast_interval_;
  TimePoint first_;
  TimePoint due_;
};

// The first start of check number `index` of `count`: spread over the interval, so that a process with a thousand
// checks works evenly, but close together when there are few, so that a single service is announced without delay.
constexpr std::chrono::steady_clock::duration first_delay(std::size_t index, std::size_t count,
                                                          std::chrono::steady_clock::duration interval) {
  constexpr std::chrono::steady_clock::duration widest = std::chrono::milliseconds(5);
  return std::min(widest, interval / static_cast<std::int64_t>(count)) * static_cast<std::int64_t>(index);
}

// The grid of the starts of `count` checks, which brings some ten of them together: they share one waking of the
// process, and warm caches; the last of them is late by what the others take.
constexpr std::chrono::steady_clock::duration start_grid(std::size_t count,
                                                         std::chrono::steady_clock::duration interval) {
  constexpr std::chrono::steady_clock::duration widest = std::chrono::milliseconds(50);
  const auto of_ten = interval * 10 / static_cast<std::int64_t>(count);
  return std::max(std::chrono::steady_clock::duration(1), std::min({widest, interval / 20, of_ten}));
}

}  // namespace nerve
