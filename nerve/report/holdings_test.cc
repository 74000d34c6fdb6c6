#include "nerve/report/holdings.h"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace nerve {
namespace {

using common::zookeeper::CreateOperation;

class HoldingsTest : public testing::Test {
 protected:
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
  }
  Holdings make(std::vector<SavedNode> left = {}) {
    return Holdings(zookeeper, std::move(left), [this] { ++changes; });
  }
  static int join(Holdings& holdings, const std::string& place, const std::string& recognised = "-") {
    return holdings.join(place, [recognised](const std::string& path) { return path.starts_with(recognised); });
  }
  bool exists(const std::string& path) { return zookeeper.nodes.contains(path); }

  boost::asio::io_context io;
  common::zookeeper::FakeZookeeper zookeeper{io};
  int changes = 0;
};

TEST_F(HoldingsTest, ListsWhatIsClaimedUntilItIsGone) {
  auto holdings = make();
  const int one = join(holdings, "one");
  holdings.claim({"/b"}, one);
  holdings.claim({"/a", true}, one);
  holdings.claim({"/b"}, one);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/a", true}, {"/b"}}));
  holdings.release("/b", one);
  EXPECT_EQ(changes, 3);
  holdings.leave(one, false);
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/a", true}})) << "it may be there";
  EXPECT_EQ(holdings.unclaimed(), (std::vector<std::string>{"/a"}));
  EXPECT_EQ(changes, 3);
}

TEST_F(HoldingsTest, ANodeIsGoneOnlyWhenNobodyElseHasIt) {
  auto holdings = make();
  const int one = join(holdings, "place");
  const int successor = join(holdings, "place");
  const int other = join(holdings, "other place");
  holdings.claim({"/a"}, one);
  EXPECT_FALSE(holdings.claimed_elsewhere("/a", one));
  EXPECT_FALSE(holdings.claimed_elsewhere("/a", successor));
  EXPECT_TRUE(holdings.claimed_elsewhere("/a", other));
  holdings.claim({"/a"}, successor);
  holdings.leave(one, true);
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/a"}}));
  holdings.release("/unknown", other);
  holdings.leave(successor, true);
  EXPECT_TRUE(holdings.nodes().empty());
}

TEST_F(HoldingsTest, ANodeThatAnotherUserHasNowIsLeftToHim) {
  for (const auto* path : {"/kept", "/left"}) zookeeper.other(CreateOperation{path, "", false}, 0);
  zookeeper.connect(7);
  auto before = make();
  auto after = make();
  settle();
  const int old_user = join(before, "place");
  const int new_user = join(after, "place");
  before.claim({"/kept", true}, old_user);
  before.claim({"/left", true}, old_user);
  after.claim({"/kept", true}, new_user);
  before.leave_to(after);
  EXPECT_EQ(before.nodes().size(), 2u) << "both are claimed still";
  EXPECT_FALSE(before.idle());
  before.leave(old_user, false);
  EXPECT_TRUE(before.idle());
  before.leave_to(after);
  EXPECT_EQ(before.nodes(), (std::vector<SavedNode>{{"/left", true}}));
  before.sweep();
  settle();
  EXPECT_TRUE(exists("/kept"));
  EXPECT_FALSE(exists("/left"));
  EXPECT_FALSE(after.idle());
}

TEST_F(HoldingsTest, WhatAReporterMayGoOnWithIsNotSwept) {
  auto holdings = make({{"/s/a_0000000001"}});
  for (const auto* path : {"/s", "/s/a_0000000001"}) zookeeper.other(CreateOperation{path, "", true}, 7);
  const int one = join(holdings, "one", "/s/a_");
  holdings.sweep();
  zookeeper.connect(7);
  settle();
  EXPECT_TRUE(exists("/s/a_0000000001"));
  holdings.leave(one, false);
  holdings.sweep();
  settle();
  EXPECT_FALSE(exists("/s/a_0000000001"));
}

TEST_F(HoldingsTest, SweepsWhatAnEarlierLifeLeftAndNobodyHas) {
  auto holdings = make({{"/kept"}, {"/left"}, {"/gone"}, {"/theirs"}, {"/forever", true}});
  for (const auto* path : {"/kept", "/left"}) zookeeper.other(CreateOperation{path, "", true}, 7);
  zookeeper.other(CreateOperation{"/theirs", "", true}, 8);
  zookeeper.other(CreateOperation{"/forever", "", false});
  holdings.claim({"/kept"}, join(holdings, "one"));
  holdings.sweep();
  settle();
  EXPECT_TRUE(exists("/left")) << "not connected";
  zookeeper.connect(7);
  settle();
  EXPECT_TRUE(exists("/kept"));
  EXPECT_FALSE(exists("/left"));
  EXPECT_TRUE(exists("/theirs"));
  EXPECT_FALSE(exists("/forever"));
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/kept"}}));
}

TEST_F(HoldingsTest, WhatIsNotSweptYetStaysInTheList) {
  const std::vector<SavedNode> left{{"/left"}};
  auto holdings = make(left);
  zookeeper.other(CreateOperation{"/left", "", true}, 7);
  zookeeper.connect(7);
  settle();
  EXPECT_TRUE(exists("/left"));
  EXPECT_EQ(holdings.nodes(), left);
}

TEST_F(HoldingsTest, SweepsAgainWhenTheAnswerWasLost) {
  auto holdings = make({{"/left"}});
  zookeeper.other(CreateOperation{"/left", "", true}, 7);
  zookeeper.connect(7);
  zookeeper.lose_requests = 1;
  holdings.sweep();
  settle();
  EXPECT_TRUE(exists("/left"));
  zookeeper.disconnect();
  zookeeper.connect(7);
  settle();
  EXPECT_FALSE(exists("/left"));
  EXPECT_TRUE(holdings.nodes().empty());
}

TEST_F(HoldingsTest, WhatIsClaimedInTheMeantimeIsNotSwept) {
  auto holdings = make({{"/left"}});
  zookeeper.other(CreateOperation{"/left", "", true}, 7);
  zookeeper.connect(7);
  settle();
  holdings.sweep();
  holdings.claim({"/left"}, join(holdings, "one"));
  settle();
  EXPECT_TRUE(exists("/left"));
  EXPECT_EQ(holdings.nodes().size(), 1u);
}

}  // namespace
}  // namespace nerve
