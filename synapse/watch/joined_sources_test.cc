#include "synapse/watch/joined_sources.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

constexpr auto kUnion = MultiResolver::union_of_all;
constexpr auto kSequential = MultiResolver::sequential;

Record server(const std::string& child, bool available = true, int weight = 1) {
  common::Registration registration;
  registration.host = "10.0.0.1";
  registration.port = 80;
  registration.available = available;
  registration.weight = weight;
  return {.child = child, .registration = registration};
}

Record broken(const std::string& child) {
  return {.child = child, .registration = common::fail("broken")};
}

std::string shown(const JoinedSources& sources) {
  const auto records = sources.records();
  if (!records) return "unknown";
  std::string text;
  for (const auto& record : *records) text += (text.empty() ? "" : " ") + record.child;
  return text;
}

TEST(JoinedSources, AUnionWaitsUntilAllHaveSpoken) {
  JoinedSources sources(kUnion, {"a", "b", "c"});
  sources.take(0, {server("1"), server("2")});
  EXPECT_EQ(shown(sources), "unknown");
  sources.take(2, {});
  EXPECT_EQ(shown(sources), "unknown");
  EXPECT_EQ(sources.silent(), std::vector<std::string>{"b"});
  sources.take(1, {server("1")});
  EXPECT_EQ(shown(sources), "a/1 a/2 b/1");
  sources.take(0, {});
  EXPECT_EQ(shown(sources), "b/1");
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "");
}

TEST(JoinedSources, AUnionDoesNotWaitForEver) {
  JoinedSources sources(kUnion, {"a", "b"});
  sources.stop_waiting();
  EXPECT_EQ(shown(sources), "unknown");
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "unknown") << "one that is unknown may have servers";
  sources.take(1, {broken("1")});
  EXPECT_EQ(shown(sources), "unknown");
  sources.take(1, {server("1"), broken("2")});
  EXPECT_EQ(shown(sources), "b/1 b/2");
  EXPECT_EQ(sources.in_force(), std::vector<std::size_t>{1});
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "unknown");
  sources.take(0, {});
  EXPECT_EQ(shown(sources), "");
}

TEST(JoinedSources, WhatASilentSourceHadInAnEarlierLifeStandsInForIt) {
  JoinedSources before(kUnion, {"a", "b"});
  before.take(0, {server("1")});
  before.take(1, {server("2")});
  JoinedSources sources(kUnion, {"a", "b"});
  sources.restore(*before.records());
  sources.take(0, {server("3")});
  EXPECT_EQ(shown(sources), "unknown") << "it may speak in time";
  sources.stop_waiting();
  EXPECT_EQ(shown(sources), "a/3 b/2");
  EXPECT_EQ(sources.in_force(), std::vector<std::size_t>{0}) << "nobody has confirmed the other";
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "a/3");
}

TEST(JoinedSources, AFirstThatIsSilentCountsByWhatItHad) {
  JoinedSources sources(kSequential, {"near", "far"});
  sources.restore({server("near/1")});
  sources.take(1, {server("2")});
  EXPECT_EQ(shown(sources), "unknown");
  sources.stop_waiting();
  EXPECT_EQ(shown(sources), "near/1");
  sources.take(0, {});
  EXPECT_EQ(shown(sources), "far/2");
}

TEST(JoinedSources, GivesASourceItsOwnRecordsBack) {
  const JoinedSources sources(kUnion, {"a", "b"});
  const auto own = sources.own(1, {server("a/1"), server("b/2/x"), server("c/3")});
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].child, "2/x");
}

TEST(JoinedSources, TheFirstThatHasServersCounts) {
  JoinedSources sources(kSequential, {"near", "far"});
  sources.take(1, {server("1")});
  EXPECT_EQ(shown(sources), "unknown") << "the first is preferred, and may have some";
  sources.take(0, {});
  EXPECT_EQ(shown(sources), "far/1");
  sources.take(0, {server("1"), server("2")});
  EXPECT_EQ(shown(sources), "near/1 near/2");
  EXPECT_EQ(sources.in_force(), std::vector<std::size_t>{0});
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "near/1 near/2");
  sources.take(0, {});
  EXPECT_EQ(shown(sources), "");
}

TEST(JoinedSources, TheFirstDoesNotWaitForThoseBehindIt) {
  JoinedSources sources(kSequential, {"near", "far"});
  sources.take(0, {server("1")});
  EXPECT_EQ(shown(sources), "near/1");
}

TEST(JoinedSources, WhatCannotTakeTrafficIsNoServer) {
  JoinedSources sources(kSequential, {"near", "far"});
  sources.take(0, {server("down", false), server("light", true, 0), broken("x")});
  sources.take(1, {server("1")});
  EXPECT_EQ(shown(sources), "far/1");
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "near/down near/light near/x") << "so that the reasons are seen";
}

TEST(JoinedSources, ASilentFirstGivesWayAndComesBack) {
  JoinedSources sources(kSequential, {"near", "far"});
  sources.take(1, {server("1")});
  sources.stop_waiting();
  EXPECT_EQ(shown(sources), "far/1");
  sources.take(1, {});
  EXPECT_EQ(shown(sources), "unknown");
  sources.take(0, {server("1")});
  EXPECT_EQ(shown(sources), "near/1");
}

}  // namespace
}  // namespace synapse
