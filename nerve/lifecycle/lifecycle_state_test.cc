#include <string>

#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve::lifecycle_script {
namespace {

// State and reason after an event.
std::string after(Lifecycle& lifecycle, int ms, const Event& event) {
  lifecycle.handle(event, at(ms));
  return std::string(name_of(lifecycle.state())) + ": " + lifecycle.reason();
}

TEST(LifecycleState, SaysWhatTheWorldWasTold) {
  Lifecycle lifecycle(settings());
  EXPECT_EQ(after(lifecycle, 0, deadline), "unknown: not every check has a verdict yet");
  EXPECT_EQ(after(lifecycle, 1, refused), "unavailable: connection refused");
  EXPECT_EQ(after(lifecycle, 2, up), "available: ");
  EXPECT_EQ(after(lifecycle, 3, disable), "draining: service is disabled");
  EXPECT_EQ(after(lifecycle, 3003, deadline), "disabled: service is disabled");
  EXPECT_EQ(after(lifecycle, 3004, enable), "available: ");
  EXPECT_EQ(after(lifecycle, 3005, refused), "unavailable: connection refused");
  EXPECT_EQ(after(lifecycle, 3006, force), "available: ");
}

TEST(LifecycleState, SaysThatItIsBeingPrepared) {
  auto given = settings();
  given.pre_available.argv = {"prepare"};
  Lifecycle lifecycle(given);
  EXPECT_EQ(after(lifecycle, 0, up), "unknown: the pre-available command has not ended yet");
  EXPECT_EQ(after(lifecycle, 1, refused), "unavailable: connection refused");
  EXPECT_EQ(after(lifecycle, 2, up), "unavailable: the pre-available command has not ended yet");
}

TEST(LifecycleState, EndsRemovedOrAsItWasLeft) {
  Lifecycle lifecycle(settings());
  after(lifecycle, 0, up);
  EXPECT_EQ(after(lifecycle, 1, StopAsked{}), "draining: nerve is stopping");
  EXPECT_EQ(after(lifecycle, 3001, deadline), "removed: nerve is stopping");
  Lifecycle left(settings());
  after(left, 0, up);
  EXPECT_EQ(after(left, 1, HandOverAsked{}), "available: ");
}

}  // namespace
}  // namespace nerve::lifecycle_script
