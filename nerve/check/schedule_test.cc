#include "nerve/check/schedule.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

TimePoint at(int ms) {
  return TimePoint(milliseconds(ms));
}

TEST(Schedule, KeepsTheIntervalFromStartToStart) {
  EXPECT_EQ(next_start(at(1000), at(1200), milliseconds(1000)), at(2000));
}

TEST(Schedule, StartsAtOnceWhenTheCheckTookLonger) {
  EXPECT_EQ(next_start(at(1000), at(2100), milliseconds(1000)), at(2100));
  EXPECT_EQ(next_start(at(1000), at(9000), milliseconds(1000)), at(9000)) << "no burst to catch up";
}

TEST(Schedule, FewChecksStartCloseTogether) {
  EXPECT_EQ(first_delay(0, 2, milliseconds(1000)), milliseconds(0));
  EXPECT_EQ(first_delay(1, 2, milliseconds(1000)), milliseconds(5));
}

TEST(Schedule, ManyChecksAreSpreadOverTheInterval) {
  EXPECT_EQ(first_delay(1, 1000, milliseconds(1000)), milliseconds(1));
  EXPECT_EQ(first_delay(999, 1000, milliseconds(1000)), milliseconds(999));
  EXPECT_LT(first_delay(1999, 2000, milliseconds(1000)), milliseconds(1000));
}

}  // namespace
}  // namespace nerve
