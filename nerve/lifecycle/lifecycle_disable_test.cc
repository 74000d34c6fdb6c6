#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve::lifecycle_script {
namespace {

TEST(LifecycleDisable, DisablesAndAnswersAfterTheMinimum) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, up, "publish up 1"},
                   {1, taken, ""},
                   {500, disable, "publish down 'service is disabled', draining"},
                   {510, taken, ""},
                   {3499, deadline, ""}});
  EXPECT_EQ(lifecycle.deadline(), at(3500));
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::disabled);
  play(lifecycle, {{3500, deadline, "disabled, publish down 'service is disabled'"}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
}

TEST(LifecycleDisable, StaysDisabledWhateverTheChecksSay) {
  play(settings(), {{0, up, "publish up 1"},
                    {1, disable, "publish down 'service is disabled', draining"},
                    {2, refused, ""},
                    {3, up, ""},
                    {3001, deadline, "disabled, publish down 'service is disabled'"},
                    {4000, refused, ""},
                    {4001, up, ""},
                    {5000, enable, "publish up 1"}});
}

TEST(LifecycleDisable, SaysNothingOfADisabledServiceBeforeTheFirstVerdict) {
  play(settings(), {{0, disable, ""}, {100, up, "publish down 'service is disabled'"}, {3000, deadline, "disabled"}});
}

TEST(LifecycleDisable, ShutsDownAfterTheNewsIsOut) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  given.disable_grace.argv = {"is-idle"};
  play(given, {{0, up, "publish up 1"},
               {1, taken, ""},
               {10, disable_with_shutdown, "publish down 'service is disabled', draining"},
               {50, ReportAnswered{ReportState::taken, false}, ""},  // one of two reporters
               {60, taken, "run disable-shutdown"},
               {2060, ended(1, true), "run disable-grace"},
               {2160, ended(2, false), ""},
               {3160, deadline, "run disable-grace"},
               {3260, ended(3, true), "disabled, publish down 'service is disabled'"}});
}

TEST(LifecycleDisable, RunsNoShutdownCommandWhenNotAsked) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled', draining"},
               {20, taken, ""},
               {3010, deadline, "disabled, publish down 'service is disabled'"}});
}

TEST(LifecycleDisable, GivesUpWaitingForGraceAtTheMaximum) {
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

TEST(LifecycleDisable, JoinsASecondDisableAndRunsTheShutdownCommandOnce) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled', draining"},
               {20, taken, ""},
               {100, disable_with_shutdown, "run disable-shutdown"},
               {110, disable_with_shutdown, ""},
               {200, ended(1, true), ""},
               {3010, deadline, "disabled, publish down 'service is disabled'"},
               {3020, taken, ""},
               {9000, disable_with_shutdown, "disabled"},
               {9100, enable, "publish up 1"},
               {9200, disable_with_shutdown, "publish down 'service is disabled', draining"},
               {9210, taken, "run disable-shutdown"}});
}

TEST(LifecycleDisable, EnableInterruptsADisable) {
  auto given = settings();
  given.disable_grace.argv = {"is-idle"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1"},
                   {10, disable, "publish down 'service is disabled', draining"},
                   {20, taken, "run disable-grace"},
                   {100, enable, "cancel, disabling interrupted, publish up 1"}});
  EXPECT_EQ(lifecycle.mode(), Lifecycle::Mode::enabled);
}

TEST(LifecycleDisable, EnableOfAnEnabledServiceChangesNothing) {
  play(settings(), {{0, up, "publish up 1"}, {1, taken, ""}, {2000, deadline, "publish up 2"}, {2001, enable, ""}});
}

TEST(LifecycleDisable, DisableGivesUpTheWarmup) {
  auto given = settings();
  given.check_stable.argv = {"stable"};
  play(given, {{0, up, "publish up 1, run check-stable"},
               {10, disable, "cancel, publish down 'service is disabled', draining"},
               {3010, deadline, "disabled, publish down 'service is disabled'"}});
}

TEST(LifecycleDisable, ForceAnnouncesWhateverTheChecksSay) {
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

TEST(LifecycleDisable, ForceWorksBeforeTheFirstVerdict) {
  play(settings(), {{0, force, "publish up 1"}, {10, enable, "publish nothing"}, {20, up, "publish up 1"}});
}

TEST(LifecycleDisable, AForcedServiceThatIsUpGoesOnWithoutAStep) {
  play(settings(), {{0, up, "publish up 1"},
                    {1, taken, ""},
                    {2000, deadline, "publish up 2"},
                    {2100, force, ""},
                    {2200, enable, ""}});
}

TEST(LifecycleDisable, DisableEndsForce) {
  play(settings(), {{0, force, "publish up 1"},
                    {10, disable, "publish down 'service is disabled', draining"},
                    {3010, deadline, "disabled, publish down 'service is disabled'"},
                    {4000, enable, "publish nothing"}});
}

TEST(LifecycleDisable, StopDrainsThenRemovesTheRegistration) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1"},
                   {10, StopAsked{}, "publish down 'service is disabled', draining"},
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

TEST(LifecycleDisable, StopRemovesWhatAnEarlierLifeMayHaveLeft) {
  play(settings(), {{0, StopAsked{}, ""}, {3000, deadline, "disabled, publish nothing, stopped"}});
}

TEST(LifecycleDisable, StopOfADisabledServiceDoesNotWaitAgain) {
  play(settings(), {{0, up, "publish up 1"},
                    {10, disable, "publish down 'service is disabled', draining"},
                    {20, taken, ""},
                    {3010, deadline, "disabled, publish down 'service is disabled'"},
                    {3020, taken, ""},
                    {9000, StopAsked{}, "disabled, publish nothing, stopped"}});
}

TEST(LifecycleDisable, StopNowWaitsForNothing) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, StopAsked{}, "publish down 'service is disabled', draining"},
               {20, taken, "run disable-shutdown"},
               {30, StopNowAsked{}, "cancel, disabling interrupted, publish nothing, stopped"},
               {40, StopNowAsked{}, ""}});
}

TEST(LifecycleDisable, StopIsNotHeldUpByARegistryThatDoesNotAnswer) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, StopAsked{}, "publish down 'service is disabled', draining"},
               {1009, not_taken, ""},
               {1010, deadline, "run disable-shutdown"},
               {4000, ended(1, true), "disabled, publish nothing, stopped"}});
}

TEST(LifecycleDisable, StopOfADrainedServiceDoesNotAskAgainWhetherItIsIdle) {
  auto given = settings();
  given.disable_grace.argv = {"is-idle"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled', draining"},
               {20, taken, "run disable-grace"},
               {30, ended(1, true), ""},
               {3010, deadline, "disabled, publish down 'service is disabled'"},
               {3020, taken, ""},
               {5000, disable, "disabled"},
               {9000, StopAsked{}, "disabled, publish nothing, stopped"}});
}

TEST(LifecycleDisable, StopOfADrainedServiceStillRunsTheShutdownCommand) {
  auto given = settings();
  given.disable_shutdown.argv = {"stop"};
  play(given, {{0, up, "publish up 1"},
               {10, disable, "publish down 'service is disabled', draining"},
               {20, taken, ""},
               {3010, deadline, "disabled, publish down 'service is disabled'"},
               {3020, taken, ""},
               {9000, StopAsked{}, "run disable-shutdown"},
               {9100, ended(1, true), "disabled, publish nothing, stopped"}});
}

}  // namespace
}  // namespace nerve::lifecycle_script
