// When a check starts. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace nerve {

// The start after one that was scheduled for `scheduled` and has ended by `now`: at the interval, or at once when that
// is over. It never makes up for starts that were missed.
constexpr std::chrono::steady_clock::time_point next_start(std::chrono::steady_clock::time_point scheduled,
                                                           std::chrono::steady_clock::time_point now,
                                                           std::chrono::steady_clock::duration interval) {
  return std::max(scheduled + interval, now);
}

// The first start of check number `index` of `count`: spread over the interval, so that a process with a thousand
// checks works evenly, but close together when there are few, so that a single service is announced without delay.
constexpr std::chrono::steady_clock::duration first_delay(std::size_t index, std::size_t count,
                                                          std::chrono::steady_clock::duration interval) {
  constexpr std::chrono::steady_clock::duration widest = std::chrono::milliseconds(5);
  return std::min(widest, interval / static_cast<std::int64_t>(count)) * static_cast<std::int64_t>(index);
}

}  // namespace nerve
