#include "common/time/token_bucket.h"

#include <gtest/gtest.h>

#include "common/time/test_times.h"

namespace common {
namespace {

using std::chrono::milliseconds;

TEST(TokenBucket, GivesTheBurstAndThenTheRate) {
  TokenBucket bucket(2, 3, at(0));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(at(0))) << i;
  EXPECT_FALSE(bucket.take(at(0)));
  EXPECT_FALSE(bucket.take(at(499)));
  EXPECT_TRUE(bucket.take(at(500)));
  EXPECT_FALSE(bucket.take(at(500)));
}

TEST(TokenBucket, NamesTheTimeOfTheNext) {
  TokenBucket bucket(3, 1, at(0));
  EXPECT_EQ(bucket.next(at(0)), at(0));
  ASSERT_TRUE(bucket.take(at(0)));
  const auto next = bucket.next(at(100));
  EXPECT_GT(next, at(333));
  EXPECT_LE(next, at(334));
  EXPECT_TRUE(bucket.take(next));
}

TEST(TokenBucket, GoesOnWithTheTokensOfAnother) {
  TokenBucket before(1, 3, at(0));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(before.take(at(0)));
  TokenBucket after(1, 1, at(2000));
  after.follow(before, at(1500));
  EXPECT_TRUE(after.take(at(1500))) << "refilled at the other's rate, up to its own burst";
  EXPECT_FALSE(after.take(at(2400)));
  EXPECT_TRUE(after.take(at(2500)));
}

TEST(TokenBucket, NeverHoldsMoreThanTheBurst) {
  TokenBucket bucket(10, 2, at(0));
  EXPECT_TRUE(bucket.take(at(60'000)));
  EXPECT_TRUE(bucket.take(at(60'000)));
  EXPECT_FALSE(bucket.take(at(60'000)));
}

}  // namespace
}  // namespace common
