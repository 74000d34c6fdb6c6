#include "nerve/lifecycle/warmup.h"

#include <vector>

#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve {
namespace {

using lifecycle_script::at;
using Progress = Warmup::Progress;

constexpr Milliseconds kInterval(2000);
constexpr Milliseconds kMax(60'000);

// The weights of the first twelve steps, each taken as soon as it is due.
std::vector<int> weights_for(int full) {
  Warmup warmup(kInterval, kMax, at(0));
  std::vector<int> weights{warmup.weight(full)};
  for (int step = 1; step < Warmup::kSteps; ++step) {
    EXPECT_EQ(warmup.advance(at(step * 2000), ReportState::taken), Progress::stepped);
    weights.push_back(warmup.weight(full));
  }
  return weights;
}

TEST(Warmup, ScalesItsStepsToTheWeight) {
  const struct {
    int full;
    std::vector<int> weights;
  } cases[] = {
      {255, {2, 3, 4, 6, 9, 15, 23, 38, 61, 98, 158, 255}},
      {233, {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233}},
      {100, {1, 1, 2, 3, 4, 6, 10, 15, 24, 39, 62, 100}},
      {1, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
  };
  for (const auto& test : cases) EXPECT_EQ(weights_for(test.full), test.weights) << "weight " << test.full;
}

TEST(Warmup, EndsTenIntervalsAfterTheFullWeight) {
  Warmup warmup(kInterval, kMax, at(0));
  int step = 1;
  while (warmup.advance(at(step * 2000), ReportState::taken) == Progress::stepped) ++step;
  EXPECT_TRUE(warmup.over());
  EXPECT_EQ(step, 11 + 10);
  EXPECT_LT(step, Warmup::kLeastMaxDurationInIntervals);
  EXPECT_EQ(warmup.advance(at(1'000'000), ReportState::taken), Progress::none);
}

TEST(Warmup, WaitsForItsInterval) {
  Warmup warmup(kInterval, kMax, at(0));
  EXPECT_EQ(warmup.deadline(), at(2000));
  EXPECT_EQ(warmup.advance(at(1999), ReportState::taken), Progress::none);
  EXPECT_EQ(warmup.advance(at(2000), ReportState::taken), Progress::stepped);
  EXPECT_EQ(warmup.deadline(), at(4000));
}

TEST(Warmup, TakesOneStepAfterALongPause) {
  Warmup warmup(kInterval, kMax, at(0));
  EXPECT_EQ(warmup.advance(at(9000), ReportState::taken), Progress::stepped);
  EXPECT_EQ(warmup.weight(233), 2);
  EXPECT_EQ(warmup.deadline(), at(11'000));
}

TEST(Warmup, RestartsWhenNobodyTookTheReport) {
  Warmup warmup(kInterval, kMax, at(0));
  warmup.advance(at(2000), ReportState::taken);
  warmup.advance(at(4000), ReportState::taken);
  EXPECT_EQ(warmup.weight(233), 3);
  EXPECT_EQ(warmup.advance(at(6000), ReportState::refused), Progress::restarted);
  EXPECT_EQ(warmup.weight(233), 1);
  EXPECT_EQ(warmup.advance(at(8000), ReportState::refused), Progress::none) << "already at the first step";
  EXPECT_EQ(warmup.advance(at(10'000), ReportState::taken), Progress::stepped);
}

TEST(Warmup, WaitsForAReportThatIsUnderWay) {
  Warmup warmup(kInterval, kMax, at(0));
  EXPECT_EQ(warmup.advance(at(2000), ReportState::pending), Progress::none);
  EXPECT_EQ(warmup.deadline(), at(60'000)) << "only the end can come by time";
  EXPECT_EQ(warmup.advance(at(2700), ReportState::taken), Progress::stepped);
  EXPECT_EQ(warmup.deadline(), at(4700));
}

TEST(Warmup, RestartKeepsTheEnd) {
  Warmup warmup(kInterval, kMax, at(0));
  EXPECT_FALSE(warmup.restart(at(500))) << "nothing to go back from";
  warmup.advance(at(2500), ReportState::taken);
  EXPECT_TRUE(warmup.restart(at(59'000)));
  EXPECT_EQ(warmup.weight(233), 1);
  EXPECT_EQ(warmup.deadline(), at(60'000));
  EXPECT_EQ(warmup.advance(at(60'000), ReportState::pending), Progress::gave_up);
  EXPECT_EQ(warmup.weight(233), 233);
  EXPECT_TRUE(warmup.over());
  EXPECT_FALSE(warmup.restart(at(60'001)));
}

}  // namespace
}  // namespace nerve
