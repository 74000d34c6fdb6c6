#include "synapse/watch/zookeeper_watcher.h"

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
  }
  void write(const std::string& child, const std::string& data) {
    ASSERT_EQ(zookeeper.other(CreateOperation{"/web/" + child, data, true}), Status::ok);
  }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::vector<std::vector<Record>> snapshots;
  WatcherEvents events{.on_snapshot = [this](const std::vector<Record>& records) { snapshots.push_back(records); },
                       .on_failed = {}};
};

TEST_F(ZookeeperWatcherTest, DecodesWhatItFindsAndKeepsTheReasonForWhatItCannot) {
  zookeeper.other(CreateOperation{"/web", "", false});
  write("a", R"({"host":"10.0.0.1","port":80,"name":"a"})");
  write("b", "garbage");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, zookeeper, "/web", events);
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
  const ZookeeperWatcher watcher(io, zookeeper, "/web", events);
  settle();
  zookeeper.other(SetOperation{"/web/a", R"({"host":"10.0.0.2","port":81})"});
  settle();
  ASSERT_EQ(snapshots.size(), 2u);
  ASSERT_TRUE(snapshots[1][0].registration.has_value());
  EXPECT_EQ(snapshots[1][0].registration->port, 81);
}

TEST_F(ZookeeperWatcherTest, KeepsWhatItHasDecodedWhileOthersComeAndGo) {
  zookeeper.other(CreateOperation{"/web", "", false});
  for (const std::string name : {"b", "d", "f"}) write(name, R"({"host":"10.0.0.1","port":80,"name":")" + name + "\"}");
  zookeeper.connect(1);
  const ZookeeperWatcher watcher(io, zookeeper, "/web", events);
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
