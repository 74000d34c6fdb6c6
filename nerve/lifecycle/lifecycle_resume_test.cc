#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve::lifecycle_script {
namespace {

const Event hand_over = HandOverAsked{};

Resumed announced(int weight) {
  Resumed past;
  past.announced_weight = weight;
  return past;
}

TEST(LifecycleResume, GoesOnAtFullWeightWithoutAWarmup) {
  auto given = settings();
  given.pre_available.argv = {"prepare"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, announced(233), ""}, {10, up, "publish up 233"}, {11, taken, ""}});
  EXPECT_EQ(lifecycle.deadline(), std::nullopt);
  play(lifecycle, {{20, refused, "publish down 'connection refused'"}, {30, up, "run pre-available"}});
}

TEST(LifecycleResume, GoesOnWithTheWarmupAtItsStep) {
  play(settings(),
       {{0, announced(20), ""}, {10, up, "publish up 13"}, {11, taken, ""}, {2010, deadline, "publish up 21"}});
}

TEST(LifecycleResume, IsOverWhenTheServiceIsDownByNow) {
  play(settings(),
       {{0, announced(233), ""}, {10, refused, "publish down 'connection refused'"}, {20, up, "publish up 1"}});
}

TEST(LifecycleResume, StaysDisabledOrForced) {
  Resumed past = announced(233);
  past.mode = Mode::disabled;
  play(settings(), {{0, past, "publish down 'service is disabled'"}, {10, up, ""}, {20, enable, "publish up 1"}});
  past.mode = Mode::forced;
  play(settings(), {{0, past, "publish up 233"}, {10, refused, ""}, {20, enable, "publish down 'connection refused'"}});
}

TEST(LifecycleResume, TakesBackWhatTheWorldReadsWhenItIsDisabledBeforeItHasAVerdict) {
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, announced(233), ""}, {10, disable, "publish down 'service is disabled', draining"}});
}

TEST(LifecycleResume, KeepsTheWeightThatAnOperatorHasSet) {
  Resumed past = announced(50);
  past.full_weight = 50;
  Lifecycle lifecycle(settings());
  play(lifecycle, {{0, past, ""}, {10, up, "publish up 50"}});
  EXPECT_EQ(lifecycle.max_weight(), 50);
}

TEST(LifecycleResume, TakesANewFullWeightAtOnceWhenItWasWarm) {
  Resumed past = announced(50);
  past.warmed_up = true;
  play(settings(), {{0, past, ""}, {10, up, "publish up 233"}});
}

TEST(LifecycleResume, HandingOverLeavesTheRegistration) {
  auto given = settings();
  given.check_stable.argv = {"stable"};
  Lifecycle lifecycle(given);
  play(lifecycle, {{0, up, "publish up 1, run check-stable"}, {10, hand_over, "cancel, stopped"}, {20, refused, ""}});
  EXPECT_TRUE(lifecycle.stopped());
  EXPECT_TRUE(lifecycle.available());
}

TEST(LifecycleResume, StopLeavesTheRegistrationWhenItNeedNotBeSetDown) {
  auto given = settings();
  given.down_on_shutdown = false;
  play(given, {{0, up, "publish up 1"}, {10, StopAsked{}, "stopped"}});
  play(given,
       {{0, up, "publish up 1"}, {10, StopAsked{.shutdown = false}, "publish down 'service is disabled', draining"}});
}

}  // namespace
}  // namespace nerve::lifecycle_script
