#include "nerve/lifecycle/lifecycle.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace nerve {
namespace {

TimePoint at(int ms) {
  return TimePoint(Milliseconds(ms));
}

LifecycleSettings settings() {
  LifecycleSettings settings;
  settings.record.host = "127.0.0.1";
  settings.record.port = 8080;
  settings.record.name = "web";
  settings.record.haproxy_server_options = "check";
  settings.record.labels = {{"az", "a"}};
  settings.weight = 233;
  return settings;
}

struct Words {
  std::string operator()(const Publish& decision) const {
    if (!decision.record) return "publish nothing";
    if (decision.record->available) return "publish up " + std::to_string(*decision.record->weight);
    return "publish down '" + decision.record->unavailable_reason + "'";
  }
  std::string operator()(const RunCommand& decision) const { return "run " + std::string(name_of(decision.kind)); }
  std::string operator()(const CancelCommand&) const { return "cancel"; }
  std::string operator()(const WarmupRestarted& decision) const {
    return decision.unstable ? "restarted: unstable" : "restarted: not reported";
  }
  std::string operator()(const WarmupOver& decision) const {
    return decision.by_deadline ? "warm by deadline" : "warm";
  }
  std::string operator()(const DisableOver& decision) const {
    switch (decision.how) {
      case DisableOver::How::done:
        return "disabled";
      case DisableOver::How::max_duration_reached:
        return "disabled at maximum";
      case DisableOver::How::interrupted:
        return "disabling interrupted";
    }
    return "";
  }
  std::string operator()(const Stopped&) const { return "stopped"; }
};

struct Line {
  int ms;
  Event event;
  std::string decisions;
};

const Event up = HealthChanged{{true, ""}};
const Event refused = HealthChanged{{false, "connection refused"}};
const Event taken = ReportAnswered{ReportState::taken, true};
const Event not_taken = ReportAnswered{ReportState::refused, false};
const Event deadline = DeadlineReached{};
const Event disable = DisableAsked{false};
const Event disable_with_shutdown = DisableAsked{true};
const Event enable = EnableAsked{false};
const Event force = EnableAsked{true};

Event ended(std::uint64_t id, bool ok) {
  return CommandEnded{id, ok};
}

// Plays the lines and compares the decisions of each.
void play(Lifecycle& lifecycle, const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string decisions;
    for (const Decision& decision : lifecycle.handle(lines[i].event, at(lines[i].ms))) {
      if (!decisions.empty()) decisions += ", ";
      decisions += std::visit(Words(), decision);
    }
    EXPECT_EQ(decisions, lines[i].decisions) << "line " << i << " at " << lines[i].ms << " ms";
  }
}

void play(const LifecycleSettings& given, const std::vector<Line>& lines) {
  Lifecycle lifecycle(given);
  play(lifecycle, lines);
}

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

TEST(Lifecycle, DisablesAndAnswersAfterTheMinimum) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, up, "publish up 1"},
                   {1, taken, ""},
                   {500, disable, "publish down 'service is disabled'"},
                   {510, taken, ""},
                   {3499, deadline, ""}});
  EXPECT_EQ(lifecycle.deadline(), at(3500));
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::disabled);
  play(lifecycle, {{3500, deadline, "disabled"}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
}

TEST(Lifecycle, StaysDisabledWhateverTheChecksSay) {
  play(settings(), {{0, up, "publish up 1"},
                    {1, disable, "publish down 'service is disabled'"},
                    {2, refused, ""},
                    {3, up, ""},
                    {3001, deadline, "disabled"},
                    {4000, refused, ""},
                    {4001, up, ""},
                    {5000, enable, "publish up 1"}});
}

TEST(Lifecycle, SaysNothingOfADisabledServiceBeforeTheFirstVerdict) {
  play(settings(), {{0, disable, ""}, {100, up, "publish down 'service is disabled'"}, {3000, deadline, "disabled"}});
}

TEST(Lifecycle, ShutsDownAfterTheNewsIsOut) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  given.disable_grace.argv = {"is-idle"};
  play(given, {{0, up, "publish up 1"},
               {1, taken, ""},
               {10, disable_with_shutdown, "publish down 'service is disabled'"},
               {50, ReportAnswered{ReportState::taken, false}, ""},  // one of two reporters
               {60, taken, "run disable-shutdown"},
               {2060, ended(1, true), "run disable-grace"},
               {2160, ended(2, false), ""},
               {3160, deadline, "run disable-grace"},
               {3260, ended(3, true), "disabled"}});
}

TEST(Lifecycle, RunsNoShutdownCommandWhenNotAsked) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled'"},
               {20, taken, ""},
               {3010, deadline, "disabled"}});
}

TEST(Lifecycle, GivesUpWaitingForGraceAtTheMaximum) {
  auto given = settings();
  given.disable_grace.argv = {"is-idle"};
  play(given, {{0, refused, "publish down 'connection refused'"},
               {1, taken, ""},
               {10, disable, "publish down 'service is disabled'"},
               {11, taken, "run disable-grace"},
               {60'009, deadline, ""},
               {60'010, deadline, "cancel, disabled at maximum"},
               {60'020, ended(1, true), ""}});
}

TEST(Lifecycle, JoinsASecondDisableAndRunsTheShutdownCommandOnce) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled'"},
               {20, taken, ""},
               {100, disable_with_shutdown, "run disable-shutdown"},
               {110, disable_with_shutdown, ""},
               {200, ended(1, true), ""},
               {3010, deadline, "disabled"},
               {9000, disable_with_shutdown, "disabled"},
               {9100, enable, "publish up 1"},
               {9200, disable_with_shutdown, "publish down 'service is disabled'"},
               {9210, taken, "run disable-shutdown"}});
}

TEST(Lifecycle, EnableInterruptsADisable) {
  auto given = settings();
  given.disable_grace.argv = {"is-idle"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1"},
                   {10, disable, "publish down 'service is disabled'"},
                   {20, taken, "run disable-grace"},
                   {100, enable, "cancel, disabling interrupted, publish up 1"}});
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::enabled);
}

TEST(Lifecycle, EnableOfAnEnabledServiceChangesNothing) {
  play(settings(), {{0, up, "publish up 1"}, {1, taken, ""}, {2000, deadline, "publish up 2"}, {2001, enable, ""}});
}

TEST(Lifecycle, DisableGivesUpTheWarmup) {
  auto given = settings();
  given.check_stable.argv = {"stable"};
  play(given, {{0, up, "publish up 1, run check-stable"},
               {10, disable, "cancel, publish down 'service is disabled'"},
               {3010, deadline, "disabled"}});
}

TEST(Lifecycle, ForceAnnouncesWhateverTheChecksSay) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, refused, "publish down 'connection refused'"},
                   {100, force, "publish up 1"},
                   {101, taken, ""},
                   {200, refused, ""},
                   {2100, deadline, "publish up 2"}});
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::forced);
  play(lifecycle, {{2200, enable, "publish down 'connection refused'"}});
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::enabled);
}

TEST(Lifecycle, ForceWorksBeforeTheFirstVerdict) {
  play(settings(), {{0, force, "publish up 1"}, {10, enable, "publish nothing"}, {20, up, "publish up 1"}});
}

TEST(Lifecycle, AForcedServiceThatIsUpGoesOnWithoutAStep) {
  play(settings(), {{0, up, "publish up 1"},
                    {1, taken, ""},
                    {2000, deadline, "publish up 2"},
                    {2100, force, ""},
                    {2200, enable, ""}});
}

TEST(Lifecycle, DisableEndsForce) {
  play(settings(), {{0, force, "publish up 1"},
                    {10, disable, "publish down 'service is disabled'"},
                    {3010, deadline, "disabled"},
                    {4000, enable, "publish nothing"}});
}

TEST(Lifecycle, StopDrainsThenRemovesTheRegistration) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1"},
                   {10, StopAsked{}, "publish down 'service is disabled'"},
                   {20, taken, "run disable-shutdown"},
                   {30, enable, ""},
                   {500, ended(1, true), ""},
                   {3009, deadline, ""},
                   {3010, deadline, "disabled, publish nothing, stopped"},
                   {3020, up, ""},
                   {3030, disable, ""}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
  EXPECT_TRUE(lifecycle.stopping());
}

TEST(Lifecycle, StopRemovesAtOnceWhenItNeedNotBeSetDown) {
  auto given = settings();
  given.down_on_shutdown = false;
  given.check_stable.argv = {"stable"};
  play(given, {{0, up, "publish up 1, run check-stable"}, {10, StopAsked{}, "cancel, publish nothing, stopped"}});
}

TEST(Lifecycle, StopRemovesWhatAnEarlierLifeMayHaveLeft) {
  auto given = settings();
  given.down_on_shutdown = false;
  play(given, {{0, StopAsked{}, "publish nothing, stopped"}});
}

TEST(Lifecycle, StopOfADisabledServiceDoesNotWaitAgain) {
  play(settings(), {{0, up, "publish up 1"},
                    {10, disable, "publish down 'service is disabled'"},
                    {20, taken, ""},
                    {3010, deadline, "disabled"},
                    {9000, StopAsked{}, "disabled, publish nothing, stopped"}});
}

TEST(Lifecycle, StopNowWaitsForNothing) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, StopAsked{}, "publish down 'service is disabled'"},
               {20, taken, "run disable-shutdown"},
               {30, StopNowAsked{}, "cancel, disabling interrupted, publish nothing, stopped"},
               {40, StopNowAsked{}, ""}});
}

TEST(Lifecycle, StopIsNotHeldUpByARegistryThatDoesNotAnswer) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, StopAsked{}, "publish down 'service is disabled'"},
               {1009, not_taken, ""},
               {1010, deadline, "run disable-shutdown"},
               {4000, ended(1, true), "disabled, publish nothing, stopped"}});
}

}  // namespace
}  // namespace nerve
