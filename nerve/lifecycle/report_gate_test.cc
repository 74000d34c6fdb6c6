#include "nerve/lifecycle/report_gate.h"

#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve {
namespace {

using lifecycle_script::at;

Publish available(bool up) {
  Publish report;
  report.record.emplace();
  report.record->available = up;
  return report;
}

constexpr RateLimit kOnePerSecond{.average_rate = 1, .max_burst = 2, .shadow_mode = false};

TEST(ReportGate, LetsEverythingPassWithoutALimit) {
  ReportGate gate(std::nullopt, at(0));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(gate.ask(available(i % 2 == 0), at(0)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.due(), std::nullopt);
}

TEST(ReportGate, HoldsBackTheUpsOfAFlappingService) {
  ReportGate gate(kOnePerSecond, at(0));
  EXPECT_EQ(gate.ask(available(true), at(0)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.ask(available(false), at(10)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.ask(available(true), at(20)), ReportGate::Answer::hold);
  ASSERT_TRUE(gate.due());
  EXPECT_GT(*gate.due(), at(999));
  EXPECT_LE(*gate.due(), at(1000));
  EXPECT_EQ(gate.ask(available(true), at(1000)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.due(), std::nullopt);
}

TEST(ReportGate, NeverHoldsBackThatAServiceIsGone) {
  ReportGate gate(kOnePerSecond, at(0));
  gate.ask(available(true), at(0));
  gate.ask(available(true), at(0));
  EXPECT_EQ(gate.ask(available(true), at(0)), ReportGate::Answer::hold);
  EXPECT_EQ(gate.ask(available(false), at(0)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.due(), std::nullopt) << "the held report has lost its place";
  EXPECT_EQ(gate.ask(Publish{}, at(0)), ReportGate::Answer::pass);
}

TEST(ReportGate, GivesNoNewTokensToASuccessor) {
  ReportGate before(kOnePerSecond, at(0));
  before.ask(available(true), at(0));
  before.ask(available(true), at(0));
  ReportGate after(kOnePerSecond, at(500));
  after.follow(before, at(500));
  EXPECT_EQ(after.ask(available(true), at(500)), ReportGate::Answer::hold);
  EXPECT_EQ(after.ask(available(true), at(1000)), ReportGate::Answer::pass);
  ReportGate limited_now(kOnePerSecond, at(0));
  limited_now.follow(ReportGate(std::nullopt, at(0)), at(0));
  EXPECT_EQ(limited_now.ask(available(true), at(0)), ReportGate::Answer::pass);
}

TEST(ReportGate, OnlySaysWhatItWouldDoInShadowMode) {
  ReportGate gate(RateLimit{.average_rate = 1, .max_burst = 1, .shadow_mode = true}, at(0));
  EXPECT_EQ(gate.ask(available(true), at(0)), ReportGate::Answer::pass);
  EXPECT_EQ(gate.ask(available(true), at(0)), ReportGate::Answer::pass_in_shadow);
  EXPECT_EQ(gate.due(), std::nullopt);
}

}  // namespace
}  // namespace nerve
