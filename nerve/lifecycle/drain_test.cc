#include "nerve/lifecycle/drain.h"

#include <gtest/gtest.h>

#include "nerve/lifecycle/lifecycle_script.h"

namespace nerve {
namespace {

using lifecycle_script::at;
using Next = Drain::Next;

constexpr Next kWait{};
constexpr Next kOver{false, std::nullopt, true};
constexpr Next kShutdown{false, CommandKind::disable_shutdown, false};
constexpr Next kGrace{false, CommandKind::disable_grace, false};

LifecycleSettings settings(bool shutdown_command, bool grace_command) {
  LifecycleSettings settings;
  if (shutdown_command) settings.disable_shutdown.argv = {"stop"};
  if (grace_command) settings.disable_grace.argv = {"is-idle"};
  settings.disable_min_duration = Milliseconds(3000);
  settings.disable_max_duration = Milliseconds(10'000);
  return settings;
}

TEST(Drain, WithoutCommandsLastsTheMinimum) {
  const auto given = settings(false, false);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(0), true), kWait);
  EXPECT_EQ(drain.deadline(true), at(3000));
  EXPECT_EQ(drain.next(at(2999), true), kWait);
  EXPECT_EQ(drain.next(at(3000), true), kOver);
}

TEST(Drain, CountsTheMinimumFromWhenTheServiceWentDown) {
  const auto given = settings(false, false);
  Drain second(given, at(0), at(2000));
  EXPECT_EQ(second.deadline(true), at(3000));
  Drain late(given, at(0), at(50'000));
  EXPECT_EQ(late.next(at(50'000), true), kOver);
}

TEST(Drain, RunsTheShutdownCommandOnlyWhenAsked) {
  const auto given = settings(true, false);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(0), true), kWait);
  drain.ask_shutdown();
  EXPECT_EQ(drain.next(at(10), true), kShutdown);
  EXPECT_EQ(drain.deadline(true), std::nullopt) << "the command has its own time limit";
  EXPECT_EQ(drain.next(at(3000), true), kWait);
  drain.command_ended(false, at(5000));
  EXPECT_EQ(drain.next(at(5000), true), kOver) << "a failure changes nothing, and the command runs once";
}

TEST(Drain, StartsWhenTheNewsIsOut) {
  const auto given = settings(true, false);
  Drain drain(given, at(0), at(0));
  drain.ask_shutdown();
  EXPECT_EQ(drain.next(at(0), false), kWait);
  EXPECT_EQ(drain.deadline(false), at(1000));
  EXPECT_EQ(drain.next(at(20), true), kShutdown);
}

TEST(Drain, DoesNotWaitForEverForTheNewsToGetOut) {
  const auto given = settings(false, true);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(999), false), kWait);
  EXPECT_EQ(drain.next(at(1000), false), kGrace);
}

TEST(Drain, AsksUntilTheServiceIsIdle) {
  const auto given = settings(false, true);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(0), true), kGrace);
  EXPECT_EQ(drain.deadline(true), at(10'000));
  drain.command_ended(false, at(200));
  EXPECT_EQ(drain.next(at(200), true), kWait);
  EXPECT_EQ(drain.deadline(true), at(1200));
  EXPECT_EQ(drain.next(at(1200), true), kGrace);
  drain.command_ended(true, at(1300));
  EXPECT_EQ(drain.next(at(1300), true), kWait) << "the minimum is not over";
  EXPECT_EQ(drain.deadline(true), at(3000));
  EXPECT_EQ(drain.next(at(3000), true), kOver);
  EXPECT_FALSE(drain.max_reached());
}

TEST(Drain, GivesUpAtTheMaximum) {
  const auto given = settings(false, true);
  Drain drain(given, at(0), at(0));
  drain.next(at(0), true);
  drain.command_ended(false, at(9900));
  EXPECT_EQ(drain.deadline(true), at(10'000));
  EXPECT_EQ(drain.next(at(10'000), true), kOver);
  EXPECT_TRUE(drain.max_reached());
}

TEST(Drain, CancelsTheCommandThatRunsAtTheMaximum) {
  const auto given = settings(false, true);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(9990), true), kGrace);
  EXPECT_EQ(drain.next(at(10'000), true), (Next{true, std::nullopt, true}));
}

TEST(Drain, RunsTheShutdownCommandBeforeItAsksForIdleness) {
  const auto given = settings(true, true);
  Drain drain(given, at(0), at(0));
  drain.ask_shutdown();
  EXPECT_EQ(drain.next(at(0), true), kShutdown);
  drain.command_ended(true, at(100));
  EXPECT_EQ(drain.next(at(100), true), kGrace);
}

TEST(Drain, LongShutdownCommandUsesUpTheMaximum) {
  const auto given = settings(true, true);
  Drain drain(given, at(0), at(0));
  drain.ask_shutdown();
  drain.next(at(0), true);
  EXPECT_EQ(drain.next(at(20'000), true), kWait);
  drain.command_ended(true, at(25'000));
  EXPECT_EQ(drain.next(at(25'000), true), kOver);
  EXPECT_TRUE(drain.max_reached());
}

TEST(Drain, TakesALaterWishForTheShutdownCommand) {
  const auto given = settings(true, true);
  Drain drain(given, at(0), at(0));
  EXPECT_EQ(drain.next(at(0), true), kGrace);
  drain.ask_shutdown();
  EXPECT_EQ(drain.next(at(10), true), kWait) << "one command at a time";
  drain.command_ended(false, at(20));
  EXPECT_EQ(drain.next(at(20), true), kShutdown);
}

TEST(Drain, KnowsItsLongest) {
  EXPECT_EQ(longest_drain(settings(false, false)), Milliseconds(3000));
  EXPECT_EQ(longest_drain(settings(true, false)), Milliseconds(31'000));
  EXPECT_EQ(longest_drain(settings(false, true)), Milliseconds(10'000));
  EXPECT_EQ(longest_drain(settings(true, true)), Milliseconds(32'000));
}

}  // namespace
}  // namespace nerve
