#include "common/time/heartbeat.h"

#include <gtest/gtest.h>

#include "common/time/test_times.h"

namespace common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Heartbeat, MeasuresHowLateABeatIs) {
  Heartbeat heartbeat(at(0));
  EXPECT_EQ(heartbeat.due(), at(2000));
  EXPECT_EQ(heartbeat.lateness(at(500)), milliseconds(0));
  heartbeat.beat(at(2002));
  EXPECT_EQ(heartbeat.due(), at(4000));
  EXPECT_EQ(heartbeat.lateness(at(2500)), milliseconds(2));
  EXPECT_EQ(heartbeat.worst_lateness(at(2500)), milliseconds(2));
}

TEST(Heartbeat, ABeatThatIsMissingCounts) {
  Heartbeat heartbeat(at(0));
  EXPECT_EQ(heartbeat.lateness(at(8000)), seconds(6));
  EXPECT_EQ(heartbeat.worst_lateness(at(8000)), seconds(6));
}

TEST(Heartbeat, RemembersTheWorstForAWhile) {
  Heartbeat heartbeat(at(0));
  heartbeat.beat(at(8000));
  for (int ms = 10'000; ms <= 22'000; ms += 2000) heartbeat.beat(at(ms));
  EXPECT_EQ(heartbeat.lateness(at(22'000)), milliseconds(0));
  EXPECT_EQ(heartbeat.worst_lateness(at(23'000)), seconds(6));
  EXPECT_EQ(heartbeat.worst_lateness(at(23'001)), milliseconds(0));
  heartbeat.beat(at(24'000));
  EXPECT_EQ(heartbeat.worst_lateness(at(24'000)), milliseconds(0));
}

}  // namespace
}  // namespace common
