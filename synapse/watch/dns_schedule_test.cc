#include "synapse/watch/dns_schedule.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DnsSchedule, FollowsTheTtlWithinItsBounds) {
  std::mt19937 random(1);
  DnsSchedule schedule(seconds(2), seconds(60));
  for (int i = 0; i < 100; ++i) {
    const auto inside = schedule.after_answer(seconds(30), random);
    EXPECT_GE(inside, seconds(30));
    EXPECT_LE(inside, seconds(33));
    const auto none = schedule.after_answer(seconds(0), random);
    EXPECT_GE(none, seconds(2));
    EXPECT_LE(none, milliseconds(2200));
    const auto day = schedule.after_answer(seconds(86'400), random);
    EXPECT_GE(day, seconds(60));
    EXPECT_LE(day, seconds(66));
  }
}

TEST(DnsSchedule, AFailureIsTriedAgainWithBackOff) {
  std::mt19937 random(1);
  DnsSchedule schedule(seconds(1), seconds(60));
  EXPECT_LE(schedule.after_failure(random), seconds(1));
  for (int i = 0; i < 10; ++i) (void)schedule.after_failure(random);
  EXPECT_GE(schedule.after_failure(random), seconds(15));
  EXPECT_LE(schedule.after_failure(random), seconds(30));
  (void)schedule.after_answer(seconds(1), random);
  EXPECT_LE(schedule.after_failure(random), seconds(1));
}

}  // namespace
}  // namespace synapse
