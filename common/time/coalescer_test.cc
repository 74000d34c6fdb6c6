#include "common/time/coalescer.h"

#include <chrono>

#include <gtest/gtest.h>

#include "common/time/min_interval.h"
#include "common/time/test_times.h"

namespace common {
namespace {

using std::chrono::milliseconds;

TEST(Coalescer, HasNothingToDoAtFirst) {
  const Coalescer coalescer(milliseconds(500));
  EXPECT_EQ(coalescer.due(), std::nullopt);
}

TEST(Coalescer, ActsAtOnceAfterACalm) {
  Coalescer coalescer(milliseconds(500));
  coalescer.changed(at(0));
  EXPECT_EQ(coalescer.due(), at(0));
  coalescer.acted(at(1));
  EXPECT_EQ(coalescer.due(), std::nullopt);
  coalescer.changed(at(1000));
  EXPECT_EQ(coalescer.due(), at(1000));
}

TEST(Coalescer, DoesNotDelayTheFirstChangeBecauseAnotherFollows) {
  Coalescer coalescer(milliseconds(500));
  coalescer.changed(at(0));
  coalescer.changed(at(3));
  EXPECT_EQ(coalescer.due(), at(0));
}

TEST(Coalescer, GathersWhatFollowsUntilItPauses) {
  Coalescer coalescer(milliseconds(500), milliseconds(10));
  coalescer.changed(at(0));
  coalescer.acted(at(0));
  coalescer.changed(at(4));
  EXPECT_EQ(coalescer.due(), at(14));
  coalescer.changed(at(9));
  EXPECT_EQ(coalescer.due(), at(19));
  coalescer.acted(at(19));
  EXPECT_EQ(coalescer.due(), std::nullopt);
}

TEST(Coalescer, LetsNoChangeWaitLongerThanTheLimit) {
  Coalescer coalescer(milliseconds(50), milliseconds(10));
  coalescer.changed(at(0));
  coalescer.acted(at(0));
  for (int ms = 5; ms < 100; ms += 5) coalescer.changed(at(ms));
  EXPECT_EQ(coalescer.due(), at(55));
  coalescer.acted(at(55));
  coalescer.changed(at(60));
  coalescer.changed(at(108));
  EXPECT_EQ(coalescer.due(), at(110));
}

TEST(Coalescer, EndsABurstWithACalm) {
  Coalescer coalescer(milliseconds(500), milliseconds(10));
  coalescer.changed(at(0));
  coalescer.acted(at(0));
  coalescer.changed(at(10));
  EXPECT_EQ(coalescer.due(), at(10));
}

TEST(Coalescer, NeverWaitsLongerForAPauseThanForTheLimit) {
  Coalescer coalescer(milliseconds(3), milliseconds(10));
  coalescer.changed(at(0));
  coalescer.acted(at(0));
  coalescer.changed(at(1));
  EXPECT_EQ(coalescer.due(), at(4));
}

TEST(Coalescer, WithoutWaitActsAlwaysAtOnce) {
  Coalescer coalescer(milliseconds(0));
  coalescer.changed(at(0));
  coalescer.acted(at(0));
  coalescer.changed(at(0));
  EXPECT_EQ(coalescer.due(), at(0));
}

TEST(MinInterval, AllowsTheFirstActionAtOnce) {
  const MinInterval interval(milliseconds(500));
  EXPECT_EQ(interval.earliest(at(0)), at(0));
}

TEST(MinInterval, HoldsTheNextActionBack) {
  MinInterval interval(milliseconds(500));
  interval.acted(at(0));
  EXPECT_EQ(interval.earliest(at(1)), at(500));
  EXPECT_EQ(interval.earliest(at(499)), at(500));
  EXPECT_EQ(interval.earliest(at(500)), at(500));
  EXPECT_EQ(interval.earliest(at(700)), at(700));
  interval.acted(at(700));
  EXPECT_EQ(interval.earliest(at(701)), at(1200));
}

}  // namespace
}  // namespace common
