// Nodes that outlive their session, and nodes whose names change.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/zookeeper/registered_node_fixture.h"

namespace common::zookeeper {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST_F(RegisteredNodeTest, APersistentNodeOutlivesItsSessionAndIsTakenUpAgain) {
  zookeeper.connect(1);
  auto node = make({{"/services/web", false}, "a"});
  node.want(wish("one"));
  settle();
  EXPECT_EQ(zookeeper.nodes[kPath].stat.owner, 0);
  const auto created = zookeeper.nodes[kPath].stat.created_zxid;
  zookeeper.connect(2);
  node.want(wish("two"));
  settle();
  EXPECT_EQ(data(), "two");
  EXPECT_EQ(zookeeper.nodes[kPath].stat.created_zxid, created);
  node.want(std::nullopt);
  settle();
  EXPECT_EQ(data(), "absent");
}

TEST_F(RegisteredNodeTest, ASequentialNodeIsThereOnceAndKeepsItsNumber) {
  zookeeper.connect(1);
  auto node = make(numbered());
  node.want(numbered_wish("one"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a_0000000001=one"));
  EXPECT_THAT(names, ElementsAre("a_0000000001"));
  node.want(numbered_wish("two"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a_0000000001=two"));
  EXPECT_TRUE(node.settled());
  zookeeper.connect(2);
  settle();
  EXPECT_THAT(children(), ElementsAre("a_0000000002=two"));
  node.want(std::nullopt);
  settle();
  EXPECT_THAT(children(), ElementsAre());
  EXPECT_THAT(names, ElementsAre());
  EXPECT_THAT(acknowledged, ElementsAre("present", "present", "absent"));
}

TEST_F(RegisteredNodeTest, TheFateOfALostCreateIsFoundOut) {
  for (const bool happened : {true, false}) {
    zookeeper.connect(happened ? 1 : 2);
    auto node = make(numbered());
    settle();
    (happened ? zookeeper.lose_answers : zookeeper.lose_requests) = 2;  // the parents, and the node
    node.want(numbered_wish("up"));
    for (int i = 0; i < 5; ++i) settle();
    EXPECT_EQ(children().size(), 1u);
    EXPECT_TRUE(node.settled());
    node.want(std::nullopt);
    settle();
  }
}

TEST_F(RegisteredNodeTest, ALostCreateOfAnEncodedNameIsFoundOut) {
  put("other", "", 0);
  zookeeper.connect(1);
  auto node = make(renamed());
  settle();
  zookeeper.lose_answers = 1;
  node.want(wish("up", "a-up"));
  settle();
  node.want(wish("down", "a-down"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a-down=down", "other="));
}

TEST_F(RegisteredNodeTest, AnOlderLifeIsReplacedInTheSameTransaction) {
  put("a_0000000007", "old", 77);
  put("a_0000000005", "older", 77);
  put("b_0000000006", "other", 77);
  zookeeper.connect(1);
  auto node = make(numbered());
  node.want(numbered_wish("up"));
  settle();
  EXPECT_THAT(looked, ElementsAre("a_0000000005")) << "the newest";
  EXPECT_THAT(children(), ElementsAre("a_0000000001=up", "b_0000000006=other"));
  EXPECT_THAT(zookeeper.log, Contains(testing::AllOf(testing::HasSubstr("delete /services/web/a_0000000005"),
                                                     testing::HasSubstr("delete /services/web/a_0000000007"),
                                                     testing::HasSubstr("create /services/web/a_"))));
  EXPECT_EQ(taken_over.size(), 1u);
}

TEST_F(RegisteredNodeTest, GoesOnWithTheNodeOfAResumedSession) {
  put("a_0000000007", "up", 1);
  const auto before = zookeeper.nodes["/services/web/a_0000000007"].stat;
  zookeeper.connect(1);
  auto node = make(numbered());
  node.want(numbered_wish("up"));
  settle();
  EXPECT_TRUE(node.settled());
  EXPECT_EQ(zookeeper.nodes["/services/web/a_0000000007"].stat, before);
  EXPECT_THAT(names, ElementsAre("a_0000000007"));
}

TEST_F(RegisteredNodeTest, LooksAgainWhenItIsItsTurnToAct) {
  zookeeper.connect(1);
  auto successor = make(numbered());
  settle();
  {
    auto predecessor = make(numbered());
    predecessor.want(numbered_wish("up"));
    settle();
  }
  successor.want(numbered_wish("up"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a_0000000001=up"));
}

TEST_F(RegisteredNodeTest, LooksAgainAlsoWhenItsTurnComesWhileItLooks) {
  zookeeper.connect(1);
  put("a_0000000001", "up", 1);
  bool gone = false;
  auto options = RegisteredNode::Options{{"/services/web"}, "a"};
  options.others = [&] { return gone ? std::vector<std::string>{"a_0000000001"} : std::vector<std::string>(); };
  auto node = make(options);
  while (zookeeper.log.empty()) io.run_one();
  gone = true;
  node.want(wish("up"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a=up"));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a_0000000001 create /services/web/a"));
}

TEST_F(RegisteredNodeTest, ANodeThatIsRenamedIsNeverThereTwiceNorMissing) {
  zookeeper.connect(1);
  auto node = make(renamed());
  node.want(wish("one", "a-one"));
  settle();
  node.want(wish("two", "a-two"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a-two=two"));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a-one create /services/web/a-two"));
}

TEST_F(RegisteredNodeTest, EveryKindIsMendedWhenSomebodyTouchesIt) {
  struct Kind {
    RegisteredNode::Options options;
    WantedNode wanted;
  };
  for (const bool ephemeral : {true, false}) {
    for (const auto& [options, wanted] :
         {Kind{{{"/services/web", ephemeral}, "a"}, wish("up")}, Kind{numbered(ephemeral), numbered_wish("up")},
          Kind{renamed(ephemeral), wish("up", "a-up")}}) {
      zookeeper.connect(1);
      auto node = make(options);
      node.want(wanted);
      settle();
      ASSERT_EQ(children().size(), 1u);
      const auto path = [this] { return "/services/web/" + children()[0].substr(0, children()[0].find('=')); };
      zookeeper.other(SetOperation{path(), "garbage"});
      settle();
      ASSERT_EQ(children().size(), 1u);
      EXPECT_TRUE(children()[0].ends_with("=up")) << children()[0];
      zookeeper.other(DeleteOperation{path(), -1});
      settle();
      ASSERT_EQ(children().size(), 1u);
      EXPECT_TRUE(children()[0].ends_with("=up")) << children()[0];
      node.want(std::nullopt);
      settle();
      EXPECT_THAT(children(), ElementsAre());
    }
  }
}

class RegisteredNodeWithStrays : public RegisteredNodeTest {
 protected:
  static RegisteredNode::Options fixed() {
    RegisteredNode::Options options{{"/services/web"}, "a"};
    options.strays = [](const std::string& child) { return child == "a" || is_numbered(child, "a_"); };
    return options;
  }
  auto lists() const { return std::count(zookeeper.log.begin(), zookeeper.log.end(), "list /services/web"); }
};

TEST_F(RegisteredNodeWithStrays, AreReplacedInTheSameTransaction) {
  put("a_0000000007", "up", 1);
  put("b_0000000008", "other", 1);
  zookeeper.connect(1);
  auto node = make(fixed());
  settle();
  EXPECT_THAT(looked, ElementsAre("a_0000000007"));
  EXPECT_THAT(names, ElementsAre("a_0000000007"));
  node.want(wish("up"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a=up", "b_0000000008=other"));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a_0000000007 create /services/web/a"));
}

TEST_F(RegisteredNodeWithStrays, AreRemovedWhenNothingIsWanted) {
  put("a_0000000007", "up", 1);
  zookeeper.connect(1);
  auto node = make(fixed());
  node.want(std::nullopt);
  settle();
  EXPECT_THAT(children(), ElementsAre());
  EXPECT_THAT(acknowledged, ElementsAre("absent"));
}

TEST_F(RegisteredNodeWithStrays, ThoseOfAnotherSessionAreLeftAlone) {
  put("a_0000000007", "theirs", 2);
  put("a_0000000008", "ours", 1);
  zookeeper.connect(1);
  auto node = make(fixed());
  node.want(wish("up"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a=up", "a_0000000007=theirs"));
  EXPECT_THAT(zookeeper.log, Contains("commit delete /services/web/a_0000000008 create /services/web/a"));
  EXPECT_TRUE(taken_over.empty());
  EXPECT_TRUE(node.settled());
}

TEST_F(RegisteredNodeWithStrays, AreLookedForOnceAndUntilThereIsAnAnswer) {
  put("a_0000000007", "up", 1);
  zookeeper.lose_lists = 2;
  zookeeper.connect(1);
  auto node = make(fixed());
  node.want(wish("up"));
  for (int i = 0; i < 5; ++i) settle();
  EXPECT_THAT(children(), ElementsAre("a=up"));
  EXPECT_EQ(lists(), 3);
  node.refresh();
  zookeeper.disconnect();
  zookeeper.connect(1);
  settle();
  EXPECT_EQ(lists(), 3);
}

TEST_F(RegisteredNodeWithStrays, NoPermissionToListOrReadHoldsUpTheNode) {
  put("a_0000000007", "unreadable", 1);
  zookeeper.connect(1);
  for (const auto* forbidden : {"/services/web", "/services/web/a_0000000007"}) {
    zookeeper.forbidden = {forbidden};
    auto node = make(fixed());
    node.want(wish("up"));
    for (int i = 0; i < 3; ++i) settle();
    EXPECT_TRUE(node.settled()) << forbidden;
    EXPECT_EQ(data(), "up");
    node.want(std::nullopt);
    settle();
  }
}

TEST_F(RegisteredNodeWithStrays, AMissingParentIsNoTrouble) {
  zookeeper.connect(1);
  auto node = make(fixed());
  node.want(wish("up"));
  settle();
  EXPECT_THAT(children(), ElementsAre("a=up"));
  EXPECT_TRUE(failures.empty());
}

TEST_F(RegisteredNodeTest, ARefreshFindsADuplicate) {
  zookeeper.connect(1);
  auto node = make(numbered());
  node.want(numbered_wish("up"));
  settle();
  put("a_0000000099", "phantom", 0);
  node.refresh();
  settle();
  EXPECT_THAT(children(), ElementsAre("a_0000000001=up"));
}

}  // namespace
}  // namespace common::zookeeper
