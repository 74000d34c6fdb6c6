#include "common/time/heartbeat.h"

#include <gtest/gtest.h>

#include "common/time/test_times.h"

namespace common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Heartbeat, MeasuresHowLateABeatIs) {
  Heartbeat heartbeat(at(0));
  EXPECT_EQ(heartbeat.due(), at(1000));
  EXPECT_EQ(heartbeat.lateness(at(500)), milliseconds(0));
  heartbeat.beat(at(1002));
  EXPECT_EQ(heartbeat.due(), at(2000));
  EXPECT_EQ(heartbeat.lateness(at(1500)), milliseconds(2));
  EXPECT_EQ(heartbeat.worst_lateness(at(1500)), milliseconds(2));
}

TEST(Heartbeat, ABeatThatIsMissingCounts) {
  Heartbeat heartbeat(at(0));
  EXPECT_EQ(heartbeat.lateness(at(8000)), seconds(7));
  EXPECT_EQ(heartbeat.worst_lateness(at(8000)), seconds(7));
}

TEST(Heartbeat, RemembersTheWorstForAWhile) {
  Heartbeat heartbeat(at(0));
  heartbeat.beat(at(8000));
  for (int ms = 9000; ms <= 23'000; ms += 1000) heartbeat.beat(at(ms));
  EXPECT_EQ(heartbeat.lateness(at(23'000)), milliseconds(0));
  EXPECT_EQ(heartbeat.worst_lateness(at(23'000)), seconds(7));
  EXPECT_EQ(heartbeat.worst_lateness(at(23'001)), milliseconds(0));
  heartbeat.beat(at(24'000));
  EXPECT_EQ(heartbeat.worst_lateness(at(24'000)), milliseconds(0));
}

}  // namespace
}  // namespace common
