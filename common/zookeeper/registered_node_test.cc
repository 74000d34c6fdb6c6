#include "common/zookeeper/registered_node.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace common::zookeeper {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr auto kPath = "/services/web/a";

class RegisteredNodeTest : public testing::Test {
 protected:
  // Everything that is ready, and timers up to a few milliseconds ahead.
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
    io.restart();
    io.poll();
  }
  RegisteredNode make(RegisteredNode::Options options = {{"/services/web"}, "a"}) {
    options.retry = std::chrono::milliseconds(1);
    return RegisteredNode(
        io, zookeeper, std::move(options),
        {.on_acknowledged = [this](bool present) { acknowledged.push_back(present ? "present" : "absent"); },
         .on_failed = [this](const std::string& error) { failures.push_back(error); },
         .on_taken_over = [this](const FoundNode& other) { taken_over.push_back(other.stat.owner); },
         .on_looked =
             [this](const std::optional<FoundNode>& found) { looked.push_back(found ? found->name : "nothing"); },
         .on_names = [this](const std::vector<std::string>& all) { names = all; }});
  }
  // The kinds whose name changes: everything below the path that begins like it is the instance's.
  static RegisteredNode::Options numbered(bool ephemeral = true) {
    RegisteredNode::Options options{{"/services/web", ephemeral, true}, ""};
    options.recognise = [](const std::string& child) { return is_numbered(child, "a_"); };
    return options;
  }
  static RegisteredNode::Options renamed(bool ephemeral = true) {
    RegisteredNode::Options options{{"/services/web", ephemeral}, ""};
    options.recognise = [](const std::string& child) { return child.starts_with("a-"); };
    return options;
  }
  static WantedNode wish(const std::string& data, const std::string& name = "a") { return {name, data}; }
  static WantedNode numbered_wish(const std::string& data) { return {"a_", data}; }

  void put(const std::string& name, const std::string& data, std::int64_t owner) {
    zookeeper.other(CreateOperation{"/services", "", false});
    zookeeper.other(CreateOperation{"/services/web", "", false});
    ASSERT_EQ(zookeeper.other(CreateOperation{"/services/web/" + name, data, owner != 0}, owner), Status::ok);
  }
  // "a_0000000001=up", of all children.
  std::vector<std::string> children() const {
    std::vector<std::string> result;
    const std::string parent = "/services/web/";
    for (const auto& [path, node] : zookeeper.nodes) {
      if (path.starts_with(parent)) result.push_back(path.substr(parent.size()) + "=" + node.data);
    }
    return result;
  }
  std::string data() { return zookeeper.nodes.contains(kPath) ? zookeeper.nodes[kPath].data : "absent"; }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::vector<std::string> acknowledged;
  std::vector<std::string> failures;
  std::vector<std::int64_t> taken_over;
  std::vector<std::string> looked;
  std::vector<std::string> names;
};

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
  for (int round = 0; round < 5; ++round) {
    zookeeper.other(DeleteOperation{kPath, -1});
    zookeeper.other(CreateOperation{kPath, "twin", true}, 2);
    settle();
  }
  EXPECT_LE(taken_over.size(), 1u);
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

TEST_F(RegisteredNodeTest, SomebodyWhoNeverStopsOverwritingCausesNoStorm) {
  zookeeper.connect(1);
  auto node = make();
  node.want(wish("up"));
  settle();
  zookeeper.log.clear();
  for (int i = 0; i < 50; ++i) {
    zookeeper.other(SetOperation{kPath, std::to_string(i)});
    settle();
  }
  EXPECT_LE(std::count(zookeeper.log.begin(), zookeeper.log.end(), "commit set /services/web/a"), 12);
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
