#include "common/zookeeper/restraint.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Restraint::Clock::time_point kStart{};

TEST(Restraint, EachFurtherTakeOverWaitsLonger) {
  Restraint restraint(kStart);
  std::mt19937 random(1);
  EXPECT_EQ(restraint.before_take_over(kStart, random), milliseconds(0));
  auto now = kStart;
  milliseconds before{0};
  for (int i = 0; i < 5; ++i) {
    const auto pause = restraint.before_take_over(now, random);
    EXPECT_GE(pause, before);
    before = pause;
    now += pause;
    EXPECT_EQ(restraint.before_take_over(now, random), milliseconds(0));
  }
  EXPECT_GE(before, seconds(8));
  now += seconds(200);
  EXPECT_EQ(restraint.before_take_over(now, random), milliseconds(0));
  EXPECT_LE(restraint.before_take_over(now, random), seconds(1)) << "after a long peace it begins anew";
}

TEST(Restraint, MendsTenTimesAtOnceAndThenOnceASecond) {
  Restraint restraint(kStart);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(restraint.before_mending(kStart), milliseconds(0));
  EXPECT_EQ(restraint.before_mending(kStart), seconds(1));
  EXPECT_EQ(restraint.before_mending(kStart + milliseconds(400)), milliseconds(600));
  EXPECT_EQ(restraint.before_mending(kStart + seconds(1)), milliseconds(0));
  EXPECT_EQ(restraint.before_mending(kStart + seconds(1)), seconds(1));
}

}  // namespace
}  // namespace common::zookeeper
