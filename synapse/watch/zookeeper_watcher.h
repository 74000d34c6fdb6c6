// The children of a ZooKeeper path as records: each is decoded when it appears or changes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/children_watch.h"
#include "synapse/watch/watcher.h"
#include "synapse/watch/watcher_config.h"

namespace synapse {

class ZookeeperWatcher : public Watcher {
 public:
  ZookeeperWatcher(boost::asio::io_context& io, std::shared_ptr<common::zookeeper::Zookeeper> zookeeper,
                   const ZookeeperWatcherConfig& config, WatcherEvents events);

  std::chrono::steady_clock::time_point confirmed() const override { return watch_.confirmed(); }
  std::size_t watches() const override { return watches_; }

 private:
  void take(common::zookeeper::Children& children);

  const std::shared_ptr<common::zookeeper::Zookeeper> zookeeper_;
  const std::string endpoint_name_;
  const WatcherEvents events_;
  std::size_t watches_ = 1;                   // of the list, and of each child that is read
  std::vector<Record> records_;               // by child, as decoded
  std::vector<std::int64_t> modified_zxids_;  // of the data that they were decoded from
  common::zookeeper::ChildrenWatch watch_;
};

}  // namespace synapse
