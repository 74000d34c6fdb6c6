// When to do what recurs all the time and need not be exact: at the same moments, so that all of it costs an idle
// process one waking. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

namespace common {

// The next even second of the clock.
inline std::chrono::steady_clock::time_point next_beat(std::chrono::steady_clock::time_point now) {
  using Beats = std::chrono::duration<std::int64_t, std::ratio<2>>;
  return std::chrono::floor<Beats>(now) + Beats(1);
}

}  // namespace common
