#include "nerve/health/rise_fall.h"

namespace nerve {

RiseFall::Change RiseFall::add(bool passed) {
  in_a_row_ = last_answer_ == passed ? in_a_row_ + 1 : 1;
  last_answer_ = passed;
  if (verdict_ == passed) {
    in_a_row_ = 0;  // nothing to count towards, and the counter must not grow for ever
    return Change::unchanged;
  }
  if (in_a_row_ < (passed ? thresholds_.rise : thresholds_.fall)) return Change::pending;
  verdict_ = passed;
  in_a_row_ = 0;
  return Change::changed;
}

}  // namespace nerve
