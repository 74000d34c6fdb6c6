// The children of a ZooKeeper path as records: each is decoded when it appears or changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/children_watch.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class ZookeeperWatcher : public Watcher {
 public:
  // `zookeeper` outlives the watcher.
  ZookeeperWatcher(boost::asio::io_context& io, common::zookeeper::Zookeeper& zookeeper, const std::string& path,
                   WatcherEvents events);

 private:
  void take(common::zookeeper::Children& children);

  const WatcherEvents events_;
  std::vector<Record> records_;               // by child, as decoded
  std::vector<std::int64_t> modified_zxids_;  // of the data that they were decoded from
  common::zookeeper::ChildrenWatch watch_;
};

}  // namespace synapse
