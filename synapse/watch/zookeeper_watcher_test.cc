#include "synapse/watch/zookeeper_watcher.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"

namespace synapse {
namespace {

using namespace common::zookeeper;

class ZookeeperWatcherTest : public testing::Test {
 protected:
  void settle() {
    io.restart();
    io.run_for(std::chrono::milliseconds(5));
    while (io.poll() > 0) continue;  // what a stall has left
  }
  void write(const std::string& child, const std::string& data) {
    ASSERT_EQ(zookeeper.other(CreateOperation{"/web/" + child, data, true}), Status::ok);
  }

  boost::asio::io_context io;
  std::shared_ptr<FakeZookeeper> shared = std::make_shared<FakeZookeeper>(io);
  FakeZookeeper& zookeeper = *shared;
  std::vector<std::vector<Record>> snapshots;
  WatcherEvents events{.on_snapshot = [this](const std::vector<Record>& records) { snapshots.push_back(records); },
                       .on_failed = {}};
};

TEST_F(ZookeeperWatcherTest, DecodesWhatItFindsAndKeepsTheReasonForWhatItCannot) {
  zookeeper.other(CreateOperation{"/web", "", false});
  write("a", R"({"host":"10.0.0.1","port":80,"name":"a"})");
  write("b", "garbage");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, shared, {.path = "/web"}, events);
  settle();
  ASSERT_EQ(snapshots.size(), 1u);
  ASSERT_EQ(snapshots[0].size(), 2u);
  ASSERT_TRUE(snapshots[0][0].registration.has_value());
  EXPECT_EQ(snapshots[0][0].registration->host, "10.0.0.1");
  EXPECT_FALSE(snapshots[0][1].registration.has_value());
}

TEST_F(ZookeeperWatcherTest, DecodesAgainWhatChanged) {
  zookeeper.other(CreateOperation{"/web", "", false});
  write("a", "garbage");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, shared, {.path = "/web"}, events);
  settle();
  zookeeper.other(SetOperation{"/web/a", R"({"host":"10.0.0.2","port":81})"});
  settle();
  ASSERT_EQ(snapshots.size(), 2u);
  ASSERT_TRUE(snapshots[1][0].registration.has_value());
  EXPECT_EQ(snapshots[1][0].registration->port, 81);
}

TEST_F(ZookeeperWatcherTest, ReadsEveryFormThatChildrenHave) {
  zookeeper.other(CreateOperation{"/web", "", false});
  write("web_10.0.0.1_c_0123456789abcdef0123456789abcdef0000000001", R"({"host":"10.0.0.1","port":1,"name":"web"})");
  write("i-1_0000000002", R"({"host":"10.0.0.2","port":"2"})");
  write("base64_28_eyJob3N0IjoiaCIsInBvcnQiOjN9_0000000003", "");
  write("member_0000000004",
        R"({"serviceEndpoint":{"host":"10.0.0.4","port":4},"additionalEndpoints":{"admin":{"host":"10.0.0.4",)"
        R"("port":44}},"status":"DEAD","shard":0})");
  write("lock", "");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, shared, {.path = "/web", .endpoint_name = "admin"}, events);
  settle();
  ASSERT_EQ(snapshots.size(), 1u);
  std::string found;
  for (const auto& record : snapshots[0]) {
    found += record.registration ? record.registration->name + (record.registration->available ? " " : "(down) ")
                                 : record.registration.error().message + " ";
  }
  EXPECT_EQ(found, "h:3 10.0.0.2:2 empty data 10.0.0.4:44(down) web ");
  EXPECT_EQ(std::count(zookeeper.log.begin(), zookeeper.log.end(),
                       "get /web/base64_28_eyJob3N0IjoiaCIsInBvcnQiOjN9_0000000003"),
            0);
}

TEST_F(ZookeeperWatcherTest, KnowsWhenItWasConfirmed) {
  zookeeper.other(CreateOperation{"/web", "", false});
  const ZookeeperWatcher watcher(io, shared, {.path = "/web"}, events);
  settle();
  EXPECT_EQ(watcher.confirmed(), std::chrono::steady_clock::time_point{});
  zookeeper.connect(1);
  settle();
  const auto first = watcher.confirmed();
  EXPECT_NE(first, std::chrono::steady_clock::time_point{});
  zookeeper.disconnect();
  settle();
  EXPECT_EQ(watcher.confirmed(), first);
  zookeeper.connect(1);
  settle();
  EXPECT_GT(watcher.confirmed(), first);
}

TEST_F(ZookeeperWatcherTest, KeepsWhatItHasDecodedWhileOthersComeAndGo) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const std::string name : {"b", "d", "f"}) write(name, R"({"host":"10.0.0.1","port":80,"name":")" + name + "\"}");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, shared, {.path = "/web"}, events);
  settle();
  write("a", "garbage");
  write("e", R"({"host":"10.0.0.9","port":80,"name":"e"})");
  zookeeper.other(DeleteOperation{"/web/b", -1});
  settle();
  std::vector<std::string> found;
  for (const auto& record : snapshots.back()) {
    found.push_back(record.child + "=" + (record.registration ? record.registration->name : "?"));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"a=?", "d=d", "e=e", "f=f"}));
  EXPECT_NE(snapshots.back()[1].created_zxid, snapshots.back()[3].created_zxid);
}

}  // namespace
}  // namespace synapse
