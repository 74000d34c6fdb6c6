#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve::lifecycle_script {
namespace {

TEST(Lifecycle, SaysNothingBeforeTheFirstVerdict) {
  Lifecycle lifecycle(settings());
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
  EXPECT_FALSE(lifecycle.available());
  play(lifecycle, {{0, deadline, ""}, {10, WeightAsked{10}, ""}});
}

TEST(Lifecycle, PublishesTheWholeRecord) {
  Lifecycle lifecycle(settings());
  const auto decisions = lifecycle.handle(up, at(0));
  ASSERT_EQ(decisions.size(), 1u);
  const auto& record = std::get<Publish>(decisions[0]).record;
  common::Registration expected = settings().record;
  expected.available = true;
  expected.weight = 1;
  EXPECT_EQ(record, expected);
  EXPECT_TRUE(lifecycle.available());
  EXPECT_EQ(lifecycle.current_weight(), 1);
  EXPECT_EQ(lifecycle.max_weight(), 233);
}

TEST(Lifecycle, PublishesTheReasonAndWeightZeroWhenDown) {
  Lifecycle lifecycle(settings());
  const auto decisions = lifecycle.handle(refused, at(0));
  ASSERT_EQ(decisions.size(), 1u);
  const auto& record = std::get<Publish>(decisions[0]).record;
  EXPECT_FALSE(record->available);
  EXPECT_EQ(record->unavailable_reason, "connection refused");
  EXPECT_EQ(record->weight, 0);
  EXPECT_EQ(record->name, "web");
  EXPECT_FALSE(lifecycle.available());
  EXPECT_EQ(lifecycle.current_weight(), 0);
}

TEST(Lifecycle, FollowsTheChecks) {
  play(settings(), {{0, up, "publish up 1"},
                    {10, taken, ""},
                    {2000, deadline, "publish up 2"},
                    {2100, refused, "publish down 'connection refused'"},
                    {2200, refused, ""},
                    {2300, HealthChanged{{false, "HTTP 503"}}, "publish down 'HTTP 503'"},
                    {2400, deadline, ""},
                    {3000, up, "publish up 1"}});
}

TEST(Lifecycle, WarmsUpToTheFullWeightAndThenIsQuiet) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, up, "publish up 1"}});
  const std::vector<int> weights{2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};
  int ms = 0;
  for (const int weight : weights) {
    ms += 2000;
    play(lifecycle, {{ms - 1000, taken, ""}, {ms, deadline, "publish up " + std::to_string(weight)}});
  }
  play(lifecycle, {{ms + 1, taken, ""}});
  for (int i = 0; i < 9; ++i) play(lifecycle, {{ms += 2000, deadline, ""}});
  play(lifecycle, {{ms += 2000, deadline, "warm"}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
  EXPECT_EQ(lifecycle.current_weight(), 233);
}

TEST(Lifecycle, RestartsTheWarmupWhenNobodyTookTheReport) {
  play(settings(), {{0, up, "publish up 1"},
                    {1, taken, ""},
                    {2000, deadline, "publish up 2"},
                    {2001, not_taken, ""},
                    {4000, deadline, "restarted: not reported, publish up 1"},
                    {4001, not_taken, ""},
                    {6000, deadline, ""},
                    {6001, taken, ""},
                    {8000, deadline, "publish up 2"}});
}

TEST(Lifecycle, AStepWaitsForTheReportOfTheStepBefore) {
  play(settings(),
       {{0, up, "publish up 1"}, {2000, deadline, ""}, {2500, taken, "publish up 2"}, {4400, deadline, ""}});
}

TEST(Lifecycle, SetsTheFullWeightAtTheMaximumWhateverHappened) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, up, "publish up 1"},
                   {1, not_taken, ""},
                   {59'999, deadline, ""},
                   {60'000, deadline, "warm by deadline, publish up 233"}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
}

TEST(Lifecycle, RunsThePreAvailableCommandBeforeGoingUp) {
  auto given = settings();
  given.pre_available.argv = {"warm-caches"};
  play(given, {{0, refused, "publish down 'connection refused'"},
               {100, up, "run pre-available"},
               {200, deadline, ""},
               {900, ended(1, true), "publish up 1"},
               {1000, refused, "publish down 'connection refused'"},
               {1100, up, "run pre-available"},
               {1200, ended(2, false), "publish up 1"}});
}

TEST(Lifecycle, DropsThePreAvailableCommandWhenTheServiceGoesDown) {
  auto given = settings();
  given.pre_available.argv = {"warm-caches"};
  play(given, {{0, up, "run pre-available"},
               {100, refused, "cancel, publish down 'connection refused'"},
               {150, ended(1, true), ""},
               {200, up, "run pre-available"},
               {210, ended(1, true), ""},
               {220, ended(2, true), "publish up 1"}});
}

TEST(Lifecycle, GoesBackToTheFirstStepWhenUnstable) {
  auto given = settings();
  given.check_stable.argv = {"stable"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1, run check-stable"},
                   {100, ended(1, false), ""},  // at the first step already, which begins anew
                   {150, taken, ""},
                   {1099, deadline, ""},
                   {1100, deadline, "run check-stable"},
                   {1200, ended(2, true), ""},
                   {2000, deadline, ""},
                   {2100, deadline, "publish up 2"},
                   {2110, taken, ""},
                   {2200, deadline, "run check-stable"},
                   {2300, ended(3, false), "restarted: unstable, publish up 1"},
                   {2310, taken, ""},
                   {3300, deadline, "run check-stable"},
                   {3400, ended(4, true), ""},
                   {4299, deadline, ""},
                   {4300, deadline, "publish up 2"}});
}

TEST(Lifecycle, WatchesTheStabilityForTenIntervalsAtFullWeight) {
  auto given = settings();
  given.weight = 1;
  given.check_stable.argv = {"stable"};
  given.check_stable_interval = Milliseconds(100'000);
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1, run check-stable"}, {1, taken, ""}});
  for (int i = 1; i < 21; ++i) play(lifecycle, {{i * 2000, deadline, ""}});
  play(lifecycle, {{42'000, deadline, "cancel, warm"}, {42'100, ended(1, false), ""}});
}

TEST(Lifecycle, ChangesTheWeightAtRunTime) {
  auto given = settings();
  given.weight = 100;
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, WeightAsked{233}, ""},
                   {1, up, "publish up 1"},
                   {2, taken, ""},
                   {2001, deadline, "publish up 2"},
                   {2002, taken, ""},
                   {2100, WeightAsked{100}, "publish up 1"},
                   {2101, not_taken, ""},
                   {60'001, deadline, "warm by deadline, publish up 100"},
                   {60'100, WeightAsked{50}, "publish up 50"},
                   {60'200, WeightAsked{50}, ""}});
  EXPECT_EQ(lifecycle.max_weight(), 50);
}

}  // namespace
}  // namespace nerve::lifecycle_script
