// Points in time for the tests of what takes the time as an argument.
#pragma once

#include <chrono>

namespace common {

// Long after the epoch, which nothing may take for a beginning.
inline std::chrono::steady_clock::time_point at(int ms) {
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(1'000'000 + ms));
}

}  // namespace common
