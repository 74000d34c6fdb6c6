#include "common/time/backoff.h"

#include <algorithm>

namespace common {

std::chrono::milliseconds Backoff::next(std::mt19937& random) {
  const auto nominal = std::min(next_, limits_.max);
  next_ = std::min(limits_.max, next_ * 2);
  std::uniform_int_distribution<std::int64_t> spread(nominal.count() / 2, nominal.count());
  return std::chrono::milliseconds(spread(random));
}

}  // namespace common
