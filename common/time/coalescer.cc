#include "common/time/coalescer.h"

namespace common {

void Coalescer::changed(Clock::time_point now) {
  if (!first_waiting_) {
    first_waiting_ = now;
    in_burst_ = last_act_ && now - *last_act_ < quiet_;
  }
  last_change_ = now;
}

std::optional<Coalescer::Clock::time_point> Coalescer::due() const {
  if (!first_waiting_) return std::nullopt;
  if (!in_burst_) return first_waiting_;
  return std::min(*last_change_ + quiet_, *first_waiting_ + max_wait_);
}

void Coalescer::acted(Clock::time_point now) {
  first_waiting_.reset();
  last_act_ = now;
}

}  // namespace common
