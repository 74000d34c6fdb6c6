// When to do what recurs about once a second and need not be exact: at the same moments, so that all of it costs an
// idle process one waking. Pure.
#pragma once

#include <chrono>

namespace common {

inline std::chrono::steady_clock::time_point next_whole_second(std::chrono::steady_clock::time_point now) {
  return std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(1);
}

}  // namespace common
