#include "common/zookeeper/ephemeral_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace common::zookeeper {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr auto kPath = "/services/web/a";

class EphemeralNodeTest : public testing::Test {
 protected:
  // Everything that is ready, and timers up to a few milliseconds ahead.
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
  }
  EphemeralNode make() {
    return EphemeralNode(
        io, zookeeper, kPath, std::chrono::milliseconds(1),
        {.on_acknowledged = [this](bool present,
                                   const std::string& data) { acknowledged.push_back(present ? data : "absent"); },
         .on_failed = [this](const std::string& error) { failures.push_back(error); },
         .on_taken_over = [this](std::int64_t other) { taken_over.push_back(other); }});
  }
  std::string data() { return zookeeper.nodes.contains(kPath) ? zookeeper.nodes[kPath].data : "absent"; }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::vector<std::string> acknowledged;
  std::vector<std::string> failures;
  std::vector<std::int64_t> taken_over;
};

TEST_F(EphemeralNodeTest, CreatesTheNodeWithItsParents) {
  zookeeper.connect(1);
  auto node = make();
  node.want("up");
  EXPECT_FALSE(node.settled());
  settle();
  EXPECT_EQ(data(), "up");
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 1);
  EXPECT_EQ(zookeeper.nodes["/services"].stat.owner, 0);
  EXPECT_TRUE(node.settled());
  EXPECT_THAT(acknowledged, ElementsAre("up"));
  EXPECT_TRUE(failures.empty());
}

TEST_F(EphemeralNodeTest, TheLatestWishCountsAlsoWhenItChangedWhileDisconnected) {
  zookeeper.connect(1);
  auto node = make();
  node.want("one");
  settle();
  zookeeper.disconnect();
  node.want("two");
  node.want("three");
  settle();
  EXPECT_EQ(data(), "one");
  zookeeper.connect(1);
  settle();
  EXPECT_EQ(data(), "three");
  EXPECT_THAT(acknowledged, ElementsAre("one", "three"));
  EXPECT_THAT(zookeeper.log, Not(Contains("commit delete /services/web/a")));
}

TEST_F(EphemeralNodeTest, AShortDisconnectWritesNothing) {
  zookeeper.connect(1);
  auto node = make();
  node.want("up");
  settle();
  zookeeper.log.clear();
  zookeeper.disconnect();
  zookeeper.connect(1);
  settle();
  EXPECT_THAT(zookeeper.log, testing::Each(testing::StartsWith("get ")));
  EXPECT_TRUE(node.settled());
}

TEST_F(EphemeralNodeTest, ANewSessionRegistersAtOnce) {
  zookeeper.connect(1);
  auto node = make();
  node.want("up");
  settle();
  zookeeper.disconnect();
  zookeeper.connect(2);
  settle();
  EXPECT_EQ(data(), "up");
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 2);
}

TEST_F(EphemeralNodeTest, TakesOverTheNodeOfAnOlderSessionInOneTransaction) {
  zookeeper.connect(1);
  ASSERT_EQ(zookeeper.other(CreateOperation{"/services", "", false}), Status::ok);
  ASSERT_EQ(zookeeper.other(CreateOperation{"/services/web", "", false}), Status::ok);
  ASSERT_EQ(zookeeper.other(CreateOperation{kPath, "up", true}, 77), Status::ok);
  auto node = make();
  node.want("up");
  settle();
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 1);
  EXPECT_THAT(taken_over, ElementsAre(77));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a create /services/web/a"));
}

TEST_F(EphemeralNodeTest, ALostAnswerIsReadBackInsteadOfGuessed) {
  zookeeper.connect(1);
  auto node = make();
  node.want("one");
  settle();
  zookeeper.lose_answers = 1;
  node.want("two");
  settle();
  EXPECT_EQ(data(), "two");
  EXPECT_TRUE(node.settled());
  EXPECT_EQ(failures.size(), 1u);
}

TEST_F(EphemeralNodeTest, ALostRequestIsRepeated) {
  zookeeper.connect(1);
  auto node = make();
  node.want("one");
  settle();
  zookeeper.lose_requests = 1;
  node.want(std::nullopt);
  settle();
  EXPECT_EQ(data(), "absent");
  EXPECT_THAT(acknowledged, ElementsAre("one", "absent"));
}

TEST_F(EphemeralNodeTest, ANodeThatSomebodyDeletedOrOverwroteComesBack) {
  zookeeper.connect(1);
  auto node = make();
  node.want("up");
  settle();
  zookeeper.other(DeleteOperation{kPath, -1});
  settle();
  EXPECT_EQ(data(), "up");
  zookeeper.other(SetOperation{kPath, "garbage"});
  settle();
  EXPECT_EQ(data(), "up");
}

TEST_F(EphemeralNodeTest, LeavesANodeAloneThatASuccessorHasTakenOver) {
  zookeeper.connect(1);
  auto node = make();
  node.want("old");
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

TEST_F(EphemeralNodeTest, TwoLiveTwinsDoNotFightInALoop) {
  zookeeper.connect(1);
  auto node = make();
  node.want("mine");
  settle();
  for (int round = 0; round < 5; ++round) {
    zookeeper.other(DeleteOperation{kPath, -1});
    zookeeper.other(CreateOperation{kPath, "twin", true}, 2);
    settle();
  }
  EXPECT_LE(taken_over.size(), 1u);
}

}  // namespace
}  // namespace common::zookeeper
