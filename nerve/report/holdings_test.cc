#include "nerve/report/holdings.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/registration/registration.h"
#include "common/zookeeper/fake_zookeeper.h"

namespace nerve {
namespace {

using common::zookeeper::CreateOperation;

class HoldingsTest : public testing::Test {
 protected:
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
    while (io.poll() > 0) continue;  // what a stall has left
  }
  Holdings make(std::vector<SavedNode> left = {}) {
    return Holdings(zookeeper, {.nodes = std::move(left)}, [this] { ++changes; });
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

// The earlier life ended before it could save what it did last.
class HoldingsThatLackTheLast : public HoldingsTest {
 protected:
  HoldingsThatLackTheLast() { zookeeper.other(CreateOperation{"/s", "", false}); }
  void put(const std::string& name, std::int64_t owner = 7) {
    zookeeper.other(CreateOperation{"/s/" + name, "", owner != 0}, owner);
  }
  std::string encoded(int weight, const std::string& digits = "0000000001") {
    record.weight = weight;
    return common::encode_into_name(record) + digits;
  }
  std::vector<std::string> children() {
    std::vector<std::string> names;
    for (const auto& [path, node] : zookeeper.nodes) {
      if (path.starts_with("/s/")) names.push_back(path.substr(3));
    }
    return names;
  }

  common::Registration record{.host = "10.0.0.1", .port = 80, .name = "web"};
};

TEST_F(HoldingsThatLackTheLast, WhatTookThePlaceOfALeftNodeIsSweptToo) {
  for (const auto& [saved, last] :
       std::vector<std::pair<std::string, std::string>>{{encoded(1), encoded(2)},
                                                        {encoded(1, "0000000008"), encoded(2, "0000000009")},
                                                        {"web_10.0.0.1_80_0000000008", "web_10.0.0.1_80_0000000009"},
                                                        {"web_10.0.0.1_80", "web_10.0.0.1_80_0000000009"},
                                                        {"web_10.0.0.1_80_0000000008", "web_10.0.0.1_80"}}) {
    auto holdings = make({{"/s/" + saved}});
    EXPECT_TRUE(holdings.may_be_incomplete());
    put(last);
    zookeeper.connect(7);
    holdings.sweep();
    settle();
    EXPECT_EQ(children(), std::vector<std::string>()) << "instead of " << saved;
    EXPECT_TRUE(holdings.nodes().empty());
    EXPECT_FALSE(holdings.may_be_incomplete());
  }
}

TEST_F(HoldingsThatLackTheLast, NothingElseIsTouched) {
  put("web_10.0.0.1_80_0000000002", 8);
  put("web_10.0.0.1_80_0000000003", 0);
  put("web_10.0.0.1_81_0000000004");
  put("web_10.0.0.1_80_0000000005");
  put("web_10.0.0.1_80_0000000006");
  const auto all = children();
  auto holdings = make({{"/s/web_10.0.0.1_80_0000000001"}});
  holdings.claim({"/s/web_10.0.0.1_80_0000000005"}, join(holdings, "one"));
  join(holdings, "two", "/s/web_10.0.0.1_80_0000000006");
  zookeeper.connect(7);
  holdings.sweep();
  settle();
  EXPECT_EQ(children(), all);
  EXPECT_EQ(holdings.nodes(), (std::vector<SavedNode>{{"/s/web_10.0.0.1_80_0000000005"}}));
}

TEST_F(HoldingsThatLackTheLast, ManySiblingsAreNotReadAndListedOnce) {
  for (int i = 0; i < 1000; ++i) put("other_10.0.0.1_" + std::to_string(i + 1));
  put("web_10.0.0.1_80_0000000002");
  auto holdings = make({{"/s/web_10.0.0.1_80_0000000001"}, {"/s/gone_10.0.0.1_80"}});
  zookeeper.connect(7);
  for (int i = 0; i < 2; ++i) {
    holdings.sweep();
    settle();
  }
  EXPECT_EQ(children().size(), 1000u);
  EXPECT_EQ(std::count(zookeeper.log.begin(), zookeeper.log.end(), "list /s"), 1);
  EXPECT_LE(zookeeper.log.size(), 5u) << "the list, three looks, one removal";
}

TEST_F(HoldingsThatLackTheLast, ASearchWhoseAnswerWasLostIsRepeated) {
  put("web_10.0.0.1_80_0000000002");
  auto holdings = make({{"/s/web_10.0.0.1_80_0000000001"}});
  holdings.sweep();
  zookeeper.lose_lists = 1;
  zookeeper.connect(7);
  settle();
  EXPECT_EQ(children().size(), 1u);
  zookeeper.disconnect();
  zookeeper.connect(7);
  settle();
  EXPECT_TRUE(children().empty());
}

TEST_F(HoldingsThatLackTheLast, WithoutAnEarlierLifeThereIsNothingToSearch) {
  put("web_10.0.0.1_80_0000000002");
  auto holdings = make();
  EXPECT_FALSE(holdings.may_be_incomplete());
  EXPECT_TRUE(Holdings(zookeeper, {.id = 7}, [] {}).may_be_incomplete());
  zookeeper.connect(7);
  holdings.sweep();
  settle();
  EXPECT_TRUE(zookeeper.log.empty());
}

}  // namespace
}  // namespace nerve
