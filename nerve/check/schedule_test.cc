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
  Schedule schedule(milliseconds(1000), milliseconds(0), at(1000));
  EXPECT_EQ(schedule.due(), at(1000));
  schedule.ran(at(1003), at(1200), false);
  EXPECT_EQ(schedule.due(), at(2000));
  schedule.ran(at(2000), at(2999), true);
  EXPECT_EQ(schedule.due(), at(3000)) << "there is no fast interval";
}

TEST(Schedule, StartsAtOnceWhenTheCheckTookLonger) {
  Schedule schedule(milliseconds(1000), milliseconds(0), at(1000));
  schedule.ran(at(1000), at(2100), false);
  EXPECT_LE(schedule.due(), at(2100));
  schedule.ran(at(2100), at(2200), false);
  EXPECT_EQ(schedule.due(), at(3000)) << "and finds back to its own time";
}

TEST(Schedule, DoesNotMakeUpForWhatItMissed) {
  Schedule schedule(milliseconds(1000), milliseconds(0), at(1000));
  schedule.ran(at(1000), at(9500), false);
  EXPECT_EQ(schedule.due(), at(9000));
  schedule.ran(at(9500), at(9501), false);
  EXPECT_EQ(schedule.due(), at(10'000));
}

TEST(Schedule, StaysSpreadAfterTheProcessStoodStill) {
  for (const int first : {0, 250, 999}) {
    Schedule schedule(milliseconds(1000), milliseconds(0), at(first));
    schedule.ran(at(5500), at(5501), false);
    EXPECT_GT(schedule.due(), at(5501));
    EXPECT_EQ((schedule.due() - at(first)) % milliseconds(1000), milliseconds(0));
  }
}

TEST(Schedule, AFailureIsConfirmedAtTheFastInterval) {
  Schedule schedule(milliseconds(1000), milliseconds(100), at(0));
  schedule.ran(at(0), at(1), false);
  EXPECT_EQ(schedule.due(), at(1000));
  schedule.ran(at(1000), at(1001), true);
  EXPECT_EQ(schedule.due(), at(1100));
  schedule.ran(at(1100), at(1250), true);
  EXPECT_EQ(schedule.due(), at(1250)) << "one at a time";
  schedule.ran(at(1250), at(1251), false);
  EXPECT_EQ(schedule.due(), at(2000)) << "decided";
}

TEST(Schedule, ChecksThatStartCloseTogetherComeDueTogether) {
  for (const int first : {950, 951, 999}) {
    Schedule schedule(milliseconds(1000), milliseconds(0), at(first), milliseconds(50));
    EXPECT_EQ(schedule.due(), at(first)) << "the first one as it is";
    schedule.ran(at(first), at(first), false);
    EXPECT_EQ(schedule.due(), at(1950));
    schedule.ran(at(1952), at(1953), false);
    EXPECT_EQ(schedule.due(), at(2950));
  }
}

TEST(Schedule, SomeTenChecksStartTogether) {
  EXPECT_EQ(start_grid(2, milliseconds(1000)), milliseconds(50));
  EXPECT_EQ(start_grid(200, milliseconds(1000)), milliseconds(50));
  EXPECT_EQ(start_grid(2000, milliseconds(1000)), milliseconds(5));
  EXPECT_EQ(start_grid(2000, milliseconds(60'000)), milliseconds(50)) << "a longer one would be felt";
  EXPECT_EQ(start_grid(2, milliseconds(100)), milliseconds(5)) << "of a short interval only a little";
  EXPECT_GT(start_grid(1'000'000'000, milliseconds(1)), milliseconds(0));
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
