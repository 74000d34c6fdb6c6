// Follows the children of one path and their data. Each node is read once when it appears and once when it changes;
// reads are pipelined. A new session, and a slow check, only ask for each node's stat, and read what is different.
// Gives whole snapshots, never deltas. While ZooKeeper is away the last snapshot stays true. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/known_children.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class ChildrenWatch {
 public:
  struct Options {
    std::string path;
    // A slow check that finds what a lost watch missed; jittered by a quarter.
    std::chrono::milliseconds full_check_interval{std::chrono::minutes(5)};
    std::size_t max_reads_in_flight = 256;
    KnownChildren::Bounds bounds = {};
    // False for a child whose name says everything; its data is then not read.
    std::function<bool(std::string_view child)> needs_data = [](std::string_view) { return true; };
  };
  struct Events {
    // The first call comes when everything has been read once. A missing path is an empty snapshot: it is watched until
    // it exists. Data may be moved out, so that nobody keeps it twice; it comes again when the child changes.
    std::function<void(Children& children)> on_snapshot;
    // A read failed for a reason other than a lost connection; it is tried again. Or there is more than the bounds
    // allow.
    std::function<void(const std::string& error)> on_failed;
    // Everything that had failed has been read, and everything has room.
    std::function<void()> on_recovered = {};
  };

  ChildrenWatch(boost::asio::io_context& io, Zookeeper& zookeeper, Options options, Events events);
  ~ChildrenWatch();

  // When ZooKeeper last confirmed the list of children; the epoch when never.
  std::chrono::steady_clock::time_point confirmed() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::zookeeper
