#include "common/time/gathering.h"

#include <gtest/gtest.h>

namespace common {
namespace {

using std::chrono::milliseconds;

class GatheringTest : public testing::Test {
 protected:
  GatheringTest() { gathering.begin(start); }

  milliseconds until() const { return std::chrono::duration_cast<milliseconds>(gathering.until() - start); }
  void heard(int ms) { gathering.heard(start + milliseconds(ms)); }

  const Gathering::Clock::time_point start{std::chrono::hours(1)};
  Gathering gathering{milliseconds(250), milliseconds(100), milliseconds(1000)};
};

TEST_F(GatheringTest, IsOverSoonWhenNobodyAnswers) {
  EXPECT_EQ(until(), milliseconds(250));
}

TEST_F(GatheringTest, IsNoLongerForAnswersThatComeAtOnce) {
  heard(1);
  heard(150);
  EXPECT_EQ(until(), milliseconds(250));
}

TEST_F(GatheringTest, GoesOnWhileOneFollowsTheOther) {
  for (int ms = 0; ms <= 600; ms += 90) heard(ms);
  EXPECT_EQ(until(), milliseconds(540 + 100));
}

TEST_F(GatheringTest, WaitsNotForEver) {
  for (int ms = 0; ms <= 5000; ms += 10) heard(ms);
  EXPECT_EQ(until(), milliseconds(1000));
}

TEST_F(GatheringTest, IsNotResumedByWhoComesTooLate) {
  heard(200);
  heard(310);
  EXPECT_EQ(until(), milliseconds(300));
}

TEST_F(GatheringTest, BeginsAnew) {
  heard(240);
  gathering.begin(start + milliseconds(5000));
  EXPECT_EQ(until(), milliseconds(5250));
}

}  // namespace
}  // namespace common
