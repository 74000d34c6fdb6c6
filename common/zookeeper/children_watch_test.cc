#include "common/zookeeper/children_watch.h"

#include <algorithm>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace common::zookeeper {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class ChildrenWatchTest : public testing::Test {
 protected:
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
    while (io.poll() > 0) continue;  // what a stall has left
  }
  std::unique_ptr<ChildrenWatch> make(std::chrono::milliseconds full_check = std::chrono::minutes(5)) {
    return std::make_unique<ChildrenWatch>(
        io, zookeeper,
        ChildrenWatch::Options{.path = "/web",
                               .full_check_interval = full_check,
                               .needs_data = [](std::string_view child) { return !child.starts_with("base64_"); }},
        ChildrenWatch::Events{.on_snapshot = [this](const Children& children) { snapshots.push_back(text(children)); },
                              .on_failed = [this](const std::string& error) { failures.push_back(error); },
                              .on_recovered = [this] { ++recoveries; }});
  }
  static std::string text(const Children& children) {
    std::string line;
    for (const auto& [name, child] : children) line += name + "=" + child.data + " ";
    return line;
  }
  void create(const std::string& name, const std::string& data) {
    ASSERT_EQ(zookeeper.other(CreateOperation{"/web/" + name, data, true}), Status::ok);
  }
  long reads() {
    return std::count_if(zookeeper.log.begin(), zookeeper.log.end(),
                         [](const std::string& line) { return line.starts_with("get "); });
  }

  long looks() {
    return std::count_if(zookeeper.log.begin(), zookeeper.log.end(),
                         [](const std::string& line) { return line.starts_with("exists /web/"); });
  }
  // Lets `condition` come true; false: it did not within twenty seconds.
  bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(10));
    }
    return condition();
  }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::vector<std::string> snapshots;
  std::vector<std::string> failures;
  int recoveries = 0;
};

TEST_F(ChildrenWatchTest, TheFirstSnapshotIsWhole) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  create("b", "2");
  const auto watch = make();
  settle();
  EXPECT_THAT(snapshots, IsEmpty());  // unknown is not empty
  zookeeper.connect(1);
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=1 b=2 "));
  EXPECT_NE(watch->confirmed(), std::chrono::steady_clock::time_point{});
}

TEST_F(ChildrenWatchTest, FollowsAdditionsChangesAndRemovals) {
  zookeeper.other(CreateOperation{"/web", "", false});
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  create("a", "1");
  settle();
  zookeeper.other(SetOperation{"/web/a", "2"});
  settle();
  zookeeper.other(SetOperation{"/web/a", "3"});
  settle();
  zookeeper.other(DeleteOperation{"/web/a", -1});
  settle();
  EXPECT_THAT(snapshots, ElementsAre("", "a=1 ", "a=2 ", "a=3 ", ""));
}

TEST_F(ChildrenWatchTest, KeepsNoMoreOfANodeThanWhoeverAsksWillRead) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", std::string(100'000, 'x'));
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=" + std::string(65'537, 'x') + " "));
}

TEST_F(ChildrenWatchTest, APathThatDoesNotExistYetIsWatchedUntilItDoes) {
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_THAT(snapshots, ElementsAre(""));
  zookeeper.other(CreateOperation{"/web", "", false});
  settle();
  create("a", "1");
  settle();
  EXPECT_EQ(snapshots.back(), "a=1 ");
}

TEST_F(ChildrenWatchTest, ManyRemovedTogetherVanishInOneSnapshot) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  for (const auto* name : {"a", "b", "c", "d", "e"}) zookeeper.other(DeleteOperation{std::string("/web/") + name, -1});
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=1 b=1 c=1 d=1 e=1 f=1 ", "f=1 "));
}

TEST_F(ChildrenWatchTest, EachNodeIsReadOnceWhenItAppearsAndOnceWhenItChanges) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b", "c"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_EQ(reads(), 3);
  create("d", "1");
  settle();
  EXPECT_EQ(reads(), 4);
  zookeeper.other(SetOperation{"/web/a", "2"});
  settle();
  EXPECT_EQ(reads(), 5);
  zookeeper.disconnect();
  zookeeper.connect(1);
  settle();
  EXPECT_EQ(reads(), 5);  // the session kept its watches
}

TEST_F(ChildrenWatchTest, ANodeReplacedInOneTransactionIsReadAgain) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.other(DeleteOperation{"/web/a", -1});
  create("a", "2");
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 ");
  zookeeper.other(SetOperation{"/web/a", "3"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=3 ");
}

TEST_F(ChildrenWatchTest, WhileAwayTheLastSnapshotStandsAndANewSessionCatchesUp) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  create("b", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.expire(1);
  zookeeper.other(SetOperation{"/web/a", "2"});
  zookeeper.other(DeleteOperation{"/web/b", -1});
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=1 b=1 "));
  zookeeper.connect(2);
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 ");
  create("c", "1");
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 c=1 ");
}

TEST_F(ChildrenWatchTest, AHandleWithoutTheOldWatchesReadsEverythingAgain) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.other(SetOperation{"/web/a", "2"});
  zookeeper.connect_without_watches();
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 ");
  zookeeper.other(SetOperation{"/web/a", "3"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=3 ");
}

TEST_F(ChildrenWatchTest, AChildThatMayNotBeReadHidesNoOther) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  create("b", "2");
  zookeeper.forbidden.insert("/web/a");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a= b=2 "));
  EXPECT_THAT(failures, AllOf(Not(IsEmpty()), Each("read /web/a: not authenticated")));
  EXPECT_EQ(recoveries, 0);
  zookeeper.forbidden.clear();
  EXPECT_TRUE(eventually([&] { return recoveries == 1; }));
  EXPECT_EQ(snapshots.back(), "a=1 b=2 ");
}

TEST_F(ChildrenWatchTest, AChildWhoseNameSaysEverythingIsNotRead) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("base64_x", "");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_EQ(reads(), 0);
  EXPECT_THAT(snapshots, ElementsAre("base64_x= "));
}

TEST_F(ChildrenWatchTest, AChildThatVanishesBetweenListAndReadDoesNoHarm) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  // The list is answered; before the read is, the node goes.
  io.restart();
  io.run_one();
  zookeeper.other(DeleteOperation{"/web/a", -1});
  settle();
  EXPECT_THAT(failures, IsEmpty());
  create("b", "2");
  settle();
  EXPECT_EQ(snapshots.back(), "b=2 ");
}

TEST_F(ChildrenWatchTest, ANewSessionReadsOnlyWhatChanged) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b", "c", "base64_x"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_EQ(reads(), 3);
  zookeeper.disconnect();
  zookeeper.expire(1);
  zookeeper.other(SetOperation{"/web/b", "2"});
  zookeeper.other(DeleteOperation{"/web/c", -1});
  create("c", "3");  // the same name is another node
  create("d", "1");
  zookeeper.connect(2);
  settle();
  EXPECT_EQ(reads(), 3 + 3);
  EXPECT_EQ(looks(), 3);
  EXPECT_EQ(snapshots.back(), "a=1 b=2 base64_x= c=3 d=1 ");
  // All are watched again.
  for (const auto* name : {"a", "b", "c", "d"}) zookeeper.other(SetOperation{std::string("/web/") + name, "9"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=9 b=9 base64_x= c=9 d=9 ");
  EXPECT_EQ(reads(), 6 + 4);
}

TEST_F(ChildrenWatchTest, ANewSessionWatchesNothingThatIsGone) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.expire(1);
  zookeeper.other(DeleteOperation{"/web/b", -1});
  zookeeper.connect(2);
  settle();
  EXPECT_EQ(snapshots.back(), "a=1 ");
  EXPECT_TRUE(zookeeper.is_watched("/web/a"));
  EXPECT_FALSE(zookeeper.is_watched("/web/b"));
}

TEST_F(ChildrenWatchTest, ANodeThatGoesWhileItIsLookedAtLeavesNoWatch) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.connect_without_watches();
  // The list is answered; before the nodes are looked at, one of them goes.
  zookeeper.before_looks = [this] { zookeeper.other(DeleteOperation{"/web/b", -1}); };
  settle();
  EXPECT_EQ(snapshots.back(), "a=1 ");
  EXPECT_TRUE(zookeeper.is_watched("/web/a"));
  EXPECT_FALSE(zookeeper.is_watched("/web/b"));
}

TEST_F(ChildrenWatchTest, AListThatIsRefusedKeepsNoNodeFromBeingWatched) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.expire(1);
  zookeeper.forbidden.insert("/web");
  zookeeper.connect(2);
  settle();
  zookeeper.other(SetOperation{"/web/a", "2"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 ");
}

TEST_F(ChildrenWatchTest, ANewSessionOverNothingNewTellsNothing) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.connect(2);
  zookeeper.connect(3);  // while it is still looking
  settle();
  EXPECT_EQ(reads(), 1);
  EXPECT_EQ(snapshots.size(), 1u);
  zookeeper.other(SetOperation{"/web/a", "2"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 ");
}

TEST_F(ChildrenWatchTest, ASessionThatIsLostAgainWhileItLooksReadsNothing) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.disconnect();
  zookeeper.expire(1);
  zookeeper.lose_lists = 1;
  zookeeper.lose_looks = 2;
  zookeeper.connect(2);
  settle();
  ASSERT_TRUE(eventually([this] { return looks() == 4; }));
  settle();
  EXPECT_EQ(reads(), 2);
  zookeeper.other(SetOperation{"/web/a", "2"});
  settle();
  EXPECT_EQ(snapshots.back(), "a=2 b=1 ");
}

TEST_F(ChildrenWatchTest, TheSlowCheckFindsWhatALostWatchMissed) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const auto* name : {"a", "b", "c", "base64_x"}) create(name, "1");
  zookeeper.connect(1);
  const auto watch = make(std::chrono::milliseconds(40));
  settle();
  zookeeper.lose_watches();
  zookeeper.other(SetOperation{"/web/a", "2"});
  zookeeper.other(DeleteOperation{"/web/b", -1});
  create("d", "1");
  EXPECT_TRUE(eventually([this] { return snapshots.back() == "a=2 base64_x= c=1 d=1 "; })) << snapshots.back();
  EXPECT_EQ(reads(), 3 + 2);  // what is as it was is not read
  const auto before = watch->confirmed();
  EXPECT_TRUE(eventually([&] { return watch->confirmed() > before; }));
}

TEST_F(ChildrenWatchTest, LooksAndReadsInFlightAreBounded) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (int i = 0; i < 1000; ++i) create("n" + std::to_string(i), "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  EXPECT_TRUE(eventually([this] { return !snapshots.empty(); }));
  EXPECT_EQ(reads(), 1000);
  EXPECT_EQ(zookeeper.most_in_flight, 256);
  zookeeper.connect(2);
  EXPECT_TRUE(eventually([this] { return looks() == 1000; }));
  settle();
  EXPECT_EQ(reads(), 1000);
  EXPECT_EQ(zookeeper.most_in_flight, 256);
}

// Whatever the number of nodes: one that changed is one read, one that appeared is the list and one read, one that went
// is the list.
TEST_F(ChildrenWatchTest, OneChangeAmongThousandsIsOneRead) {
  constexpr std::size_t kNodes = 3'000;
  zookeeper.other(CreateOperation{"/web", "", false});
  for (std::size_t i = 0; i < kNodes; ++i) create("n" + std::to_string(i), "1");
  std::size_t told = 0;
  const ChildrenWatch watch(io, zookeeper, {.path = "/web"},
                            {.on_snapshot = [&told](const Children&) { ++told; }, .on_failed = {}});
  const auto asked = [&](const std::function<void()>& happens) {
    const auto before = zookeeper.log.size();
    told = 0;
    happens();
    io.restart();
    while (io.poll() != 0) {
    }
    EXPECT_EQ(told, 1u);
    return std::vector<std::string>(zookeeper.log.begin() + static_cast<std::ptrdiff_t>(before), zookeeper.log.end());
  };
  EXPECT_EQ(asked([&] { zookeeper.connect(1); }).size(), kNodes + 1);
  EXPECT_THAT(asked([&] { zookeeper.other(SetOperation{"/web/n7", "2"}); }), ElementsAre("get /web/n7"));
  EXPECT_THAT(asked([&] { create("new", "1"); }), ElementsAre("list /web", "get /web/new"));
  EXPECT_THAT(asked([&] { zookeeper.other(DeleteOperation{"/web/n8", -1}); }), ElementsAre("list /web"));
}

TEST_F(ChildrenWatchTest, DataThatWasTakenComesAgainOnlyWithAChange) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  create("b", "2");
  const ChildrenWatch watch(io, zookeeper, {.path = "/web"},
                            {.on_snapshot =
                                 [this](Children& children) {
                                   snapshots.push_back(text(children));
                                   for (auto& [name, child] : children) child.data.clear();
                                 },
                             .on_failed = {}});
  zookeeper.connect(1);
  settle();
  zookeeper.connect(2);
  settle();
  zookeeper.other(SetOperation{"/web/b", "3"});
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=1 b=2 ", "a= b=3 "));
}

TEST_F(ChildrenWatchTest, ANodeThatGoesAndComesBackAtOnceIsReadAgain) {
  zookeeper.other(CreateOperation{"/web", "", false});
  create("a", "1");
  zookeeper.connect(1);
  const auto watch = make();
  settle();
  zookeeper.other(DeleteOperation{"/web/a", -1});
  create("a", "2");
  settle();
  zookeeper.other(SetOperation{"/web/a", "3"});
  settle();
  EXPECT_THAT(snapshots, ElementsAre("a=1 ", "a=2 ", "a=3 "));
}

}  // namespace
}  // namespace common::zookeeper
