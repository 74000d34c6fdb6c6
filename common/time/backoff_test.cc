#include "common/time/backoff.h"

#include <chrono>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace common {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToTheLimit) {
  std::mt19937 random(1);
  Backoff backoff({milliseconds(100), milliseconds(1000)});
  for (const int nominal : {100, 200, 400, 800, 1000, 1000, 1000}) {
    const auto delay = backoff.next(random);
    EXPECT_GE(delay, milliseconds(nominal / 2));
    EXPECT_LE(delay, milliseconds(nominal));
  }
}

TEST(Backoff, StartsAgainAfterASuccess) {
  std::mt19937 random(1);
  Backoff backoff({milliseconds(100), milliseconds(100'000)});
  for (int i = 0; i < 8; ++i) (void)backoff.next(random);
  EXPECT_GT(backoff.next(random), milliseconds(10'000));
  backoff.reset();
  EXPECT_LE(backoff.next(random), milliseconds(100));
}

TEST(Backoff, SpreadsManyWhoStartTogether) {
  std::set<milliseconds> delays;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    delays.insert(Backoff({milliseconds(1000), milliseconds(1000)}).next(random));
  }
  EXPECT_GT(delays.size(), 50u);
  EXPECT_LT(*delays.begin(), milliseconds(600));
  EXPECT_GT(*delays.rbegin(), milliseconds(900));
}

TEST(Backoff, GivesTheSameForTheSameSeed) {
  std::mt19937 one(7);
  std::mt19937 two(7);
  Backoff first;
  Backoff second;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(first.next(one), second.next(two));
}

TEST(Backoff, NeverExceedsTheLimitWhenThatIsBelowTheInitialDelay) {
  std::mt19937 random(1);
  Backoff backoff({milliseconds(500), milliseconds(100)});
  EXPECT_LE(backoff.next(random), milliseconds(100));
}

}  // namespace
}  // namespace common
