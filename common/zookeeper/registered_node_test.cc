#include "common/zookeeper/registered_node.h"

#include <algorithm>
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/limits/limits.h"
#include "common/zookeeper/registered_node_fixture.h"

namespace common::zookeeper {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST_F(RegisteredNodeTest, CreatesTheNodeWithItsParents) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  EXPECT_FALSE(node.settled());
  settle();
  EXPECT_EQ(data(), "up");
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 1);
  EXPECT_EQ(zookeeper.nodes["/services"].stat.owner, 0);
  EXPECT_TRUE(node.settled());
  EXPECT_THAT(acknowledged, ElementsAre("present"));
  EXPECT_TRUE(failures.empty());
}

TEST_F(RegisteredNodeTest, TheLatestWishCountsAlsoWhenItChangedWhileDisconnected) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("one"));
  settle();
  zookeeper.disconnect();
  node.want(wish("two"));
  node.want(wish("three"));
  settle();
  EXPECT_EQ(data(), "one");
  zookeeper.connect(1);
  settle();
  EXPECT_EQ(data(), "three");
  EXPECT_THAT(acknowledged, ElementsAre("present", "present"));
  EXPECT_THAT(zookeeper.log, Not(Contains("commit delete /services/web/a")));
}

TEST_F(RegisteredNodeTest, AShortDisconnectWritesNothing) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  settle();
  zookeeper.log.clear();
  zookeeper.disconnect();
  zookeeper.connect(1);
  settle();
  EXPECT_THAT(zookeeper.log, testing::Each(testing::StartsWith("get ")));
  EXPECT_TRUE(node.settled());
}

TEST_F(RegisteredNodeTest, ANewSessionRegistersAtOnce) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  settle();
  zookeeper.disconnect();
  zookeeper.connect(2);
  settle();
  EXPECT_EQ(data(), "up");
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 2);
}

TEST_F(RegisteredNodeTest, TakesOverTheNodeOfAnOlderSessionInOneTransaction) {
  zookeeper.connect(1);
  put("a", "up", 77);
  auto node = make();
  node.want(wish("up"));
  settle();
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 1);
  EXPECT_THAT(taken_over, ElementsAre(77));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a create /services/web/a"));
}

TEST_F(RegisteredNodeTest, ALostAnswerIsReadBackInsteadOfGuessed) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("one"));
  settle();
  zookeeper.lose_answers = 1;
  node.want(wish("two"));
  settle();
  EXPECT_EQ(data(), "two");
  EXPECT_TRUE(node.settled());
  EXPECT_EQ(failures.size(), 1u);
}

TEST_F(RegisteredNodeTest, ALostRequestIsRepeated) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("one"));
  settle();
  zookeeper.lose_requests = 1;
  node.want(std::nullopt);
  settle();
  EXPECT_EQ(data(), "absent");
  EXPECT_THAT(acknowledged, ElementsAre("present", "absent"));
}

TEST_F(RegisteredNodeTest, ANodeThatSomebodyDeletedOrOverwroteComesBack) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  settle();
  zookeeper.other(DeleteOperation{kPath, -1});
  settle();
  EXPECT_EQ(data(), "up");
  zookeeper.other(SetOperation{kPath, "garbage"});
  settle();
  EXPECT_EQ(data(), "up");
}

TEST_F(RegisteredNodeTest, LeavesANodeAloneThatASuccessorHasTakenOver) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("old"));
  settle();
  zookeeper.disconnect();
  zookeeper.other(DeleteOperation{kPath, -1});
  zookeeper.other(CreateOperation{kPath, "new", true}, 2);
  node.want(std::nullopt);
  zookeeper.connect(1);
  settle();
  EXPECT_EQ(data(), "new");
  EXPECT_TRUE(node.settled());
}

TEST_F(RegisteredNodeTest, TwoLiveTwinsDoNotFightInALoop) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("mine"));
  settle();
  const auto hits = limit_hits(Limit::take_over);
  for (int round = 0; round < 5; ++round) {
    zookeeper.other(DeleteOperation{kPath, -1});
    zookeeper.other(CreateOperation{kPath, "twin", true}, 2);
    settle();
  }
  EXPECT_LE(taken_over.size(), 1u);
  EXPECT_GT(limit_hits(Limit::take_over), hits);
}

TEST_F(RegisteredNodeTest, LooksAtOnceAndTouchesNothing) {
  put("a", "old", 77);
  auto node = make();
  settle();
  EXPECT_TRUE(looked.empty());
  zookeeper.connect(1);
  settle();
  EXPECT_THAT(looked, ElementsAre("a"));
  EXPECT_THAT(zookeeper.log, ElementsAre("get /services/web/a"));
  zookeeper.disconnect();
  zookeeper.connect(2);
  settle();
  EXPECT_THAT(looked, ElementsAre("a")) << "once";
}

TEST_F(RegisteredNodeTest, TouchesOnlyTheParentsThatAreMissing) {
  zookeeper.other(CreateOperation{"/services", "", false});
  zookeeper.denied = {"create /services"};
  zookeeper.connect(1);
  auto node = make({{"/services/x/y/web"}, "a"});
  node.want(wish("up"));
  settle();
  EXPECT_TRUE(zookeeper.nodes.contains("/services/x/y/web/a"));
  EXPECT_TRUE(failures.empty());
}

TEST_F(RegisteredNodeTest, GivesAllThatItCreatesTheAcl) {
  const Acl acl{{"auth", "", kAll}};
  zookeeper.connect(1);
  auto node = make({{"/services/web", true, false, acl}, "a"});
  node.want(wish("up"));
  settle();
  for (const auto* path : {"/services", "/services/web", kPath}) EXPECT_EQ(zookeeper.nodes[path].acl, acl) << path;
}

TEST_F(RegisteredNodeTest, ARefusalNamesThePermissionAndIsTriedAgain) {
  put("other", "", 0);
  zookeeper.denied = {"create /services/web/a"};
  zookeeper.connect(1);
  auto options = RegisteredNode::Options{{"/services/web"}, "a"};
  options.user = "bob";
  auto node = make(options);
  node.want(wish("up"));
  settle();
  ASSERT_GE(failures.size(), 2u);
  EXPECT_EQ(failures[0],
            "create /services/web/a: user \"bob\" lacks the permission c (create children) on /services/web, or its "
            "password is wrong");
  zookeeper.denied.clear();
  settle();
  EXPECT_EQ(data(), "up");
}

TEST_F(RegisteredNodeTest, SomebodyWhoNeverStopsOverwritingCausesNoStorm) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  settle();
  zookeeper.log.clear();
  const auto hits = limit_hits(Limit::mending);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    zookeeper.other(SetOperation{kPath, std::to_string(i)});
    settle();
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();
  EXPECT_LE(std::count(zookeeper.log.begin(), zookeeper.log.end(), "commit set /services/web/a"), 11 + seconds);
  EXPECT_GT(limit_hits(Limit::mending), hits);
  EXPECT_TRUE(failures.empty());
}

}  // namespace
}  // namespace common::zookeeper
