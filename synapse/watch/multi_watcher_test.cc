#include "synapse/watch/multi_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/watch/fixed_watcher.h"

namespace synapse {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

class Scripted : public Watcher {
 public:
  steady_clock::time_point confirmed() const override { return when; }
  steady_clock::time_point when{};
};

class MultiWatcherTest : public testing::Test {
 protected:
  std::unique_ptr<MultiWatcher> make(milliseconds first_wait = milliseconds(10'000)) {
    MultiWatcherConfig config{.watchers = {{"a", FixedWatcherConfig{}}, {"b", FixedWatcherConfig{}}},
                              .first_wait = first_wait};
    return std::make_unique<MultiWatcher>(
        io, config,
        [this](const WatcherConfig&, WatcherEvents events) {
          told.push_back(std::move(events));
          auto child = std::make_unique<Scripted>();
          children.push_back(child.get());
          return child;
        },
        WatcherEvents{.on_snapshot = [this](const auto& records) { snapshots.push_back(records.size()); },
                      .on_failed = [this](const auto& error) { failures.push_back(error); },
                      .on_recovered = [this] { ++recoveries; }});
  }
  static std::vector<Record> servers(int count) {
    common::Registration registration;
    return std::vector<Record>(static_cast<std::size_t>(count), {.child = "x", .registration = registration});
  }

  boost::asio::io_context io;
  std::vector<WatcherEvents> told;
  std::vector<Scripted*> children;
  std::vector<std::size_t> snapshots;
  std::vector<std::string> failures;
  int recoveries = 0;
};

TEST_F(MultiWatcherTest, JoinsWhatItsChildrenSay) {
  const auto watcher = make();
  told[0].on_snapshot(servers(2));
  EXPECT_THAT(snapshots, IsEmpty());
  told[1].on_snapshot(servers(1));
  told[0].on_snapshot(servers(0));
  EXPECT_THAT(snapshots, ElementsAre(3, 1));
}

TEST_F(MultiWatcherTest, GoesOnWithoutASilentOneAfterAWhile) {
  const auto watcher = make(milliseconds(1));
  told[0].on_snapshot(servers(2));
  io.run_for(milliseconds(20));
  EXPECT_THAT(snapshots, ElementsAre(2));
  EXPECT_THAT(failures, ElementsAre("no word yet from b; going on without"));
  told[1].on_snapshot(servers(1));
  EXPECT_THAT(snapshots, ElementsAre(2, 3));
}

TEST_F(MultiWatcherTest, WhoSpeaksAtLastIsNotCalledSilentAnyMore) {
  const auto watcher = make(milliseconds(1));
  io.run_for(milliseconds(20));
  EXPECT_THAT(failures, ElementsAre("no word yet from a, b; going on without"));
  told[0].on_snapshot(servers(1));
  EXPECT_EQ(failures.back(), "no word yet from b; going on without");
  EXPECT_EQ(recoveries, 0);
  told[1].on_snapshot(servers(1));
  EXPECT_EQ(recoveries, 1);
}

TEST_F(MultiWatcherTest, IsAsOldAsItsOldestChild) {
  const auto watcher = make();
  const auto now = steady_clock::now();
  children[0]->when = now;
  EXPECT_EQ(watcher->confirmed(), steady_clock::time_point{});
  told[0].on_snapshot(servers(1));
  told[1].on_snapshot(servers(1));
  children[1]->when = now - milliseconds(7);
  EXPECT_EQ(watcher->confirmed(), now - milliseconds(7));
}

TEST_F(MultiWatcherTest, TellsTheTroublesOfItsChildren) {
  const auto watcher = make();
  told[0].on_failed("silence");
  told[1].on_failed("noise");
  told[1].on_failed("more noise");
  told[0].on_recovered();
  EXPECT_EQ(failures.size(), 3u) << "what is left was told last";
  told[0].on_failed("silence");
  told[0].on_recovered();
  EXPECT_EQ(failures.back(), "watcher b: more noise");
  failures.clear();
  told[0].on_failed("silence");
  told[1].on_failed("noise");
  told[1].on_recovered();
  EXPECT_THAT(failures, ElementsAre("watcher a: silence", "watcher b: noise", "watcher a: silence"))
      << "what is left is what was told last";
  EXPECT_EQ(recoveries, 0);
  told[0].on_recovered();
  EXPECT_EQ(recoveries, 1);
}

TEST(FixedWatcher, SaysWhatItWasGivenOnce) {
  boost::asio::io_context io;
  int snapshots = 0;
  const FixedWatcher watcher(
      io, {Record{.child = "a", .registration = common::Registration()}},
      {.on_snapshot = [&](const auto& records) { snapshots += static_cast<int>(records.size()); }, .on_failed = {}});
  EXPECT_EQ(snapshots, 0);
  io.run_for(milliseconds(20));
  EXPECT_EQ(snapshots, 1);
  EXPECT_GT(watcher.confirmed(), steady_clock::now() - std::chrono::seconds(1));
}

}  // namespace
}  // namespace synapse
