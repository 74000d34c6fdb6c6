// The children of a ZooKeeper path as records: each is decoded when it appears or changes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/children_watch.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class ZookeeperWatcher : public Watcher {
 public:
  // `zookeeper` outlives the watcher.
  ZookeeperWatcher(boost::asio::io_context& io, common::zookeeper::Zookeeper& zookeeper, const std::string& path,
                   WatcherEvents events);

  std::chrono::steady_clock::time_point confirmed() const override { return watch_.confirmed(); }
  std::size_t watches() const override { return watches_; }

 private:
  struct Decoded {
    std::int64_t modified_zxid;  // of the data that was decoded
    Record record;
  };

  void take(const common::zookeeper::Children& children);

  const WatcherEvents events_;
  std::size_t watches_ = 1;                 // of the list, and of each child that is read
  std::map<std::string, Decoded> decoded_;  // by child
  common::zookeeper::ChildrenWatch watch_;
};

}  // namespace synapse
