// An ephemeral node that keeps itself there: whatever happens to the connection, the session or the node, what
// ZooKeeper holds becomes what is wanted. Only an acknowledged answer moves what it believes to be there. Loop thread
// only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class EphemeralNode {
 public:
  struct Events {
    // ZooKeeper acknowledged what was wanted by the latest want(), once for each, perhaps from within it (`present`:
    // the node is there with this data).
    std::function<void(bool present, const std::string& data)> on_acknowledged;
    // A write was refused or its fate is unknown; it is tried again. `error` in ZooKeeper's words.
    std::function<void(const std::string& error)> on_failed;
    // The node belonged to another session and was taken over (an older life of this instance, or a twin).
    std::function<void(std::int64_t other_session)> on_taken_over;
    // Once: what stood there when it was looked for the first time, whoever made it.
    std::function<void(const std::optional<std::string>& data)> on_looked = {};
  };

  // Nothing is wanted at first. `retry` is the pause after a refused write.
  EphemeralNode(boost::asio::io_context& io, Zookeeper& zookeeper, std::string path, std::chrono::milliseconds retry,
                Events events);
  ~EphemeralNode();

  // The node shall be there with this data, or shall not be there at all. The latest call counts; parents are created
  // as persistent, empty nodes.
  void want(std::optional<std::string> data);

  // Reads the node again and mends a difference.
  void refresh();

  // What is wanted is acknowledged.
  bool settled() const;
  const std::string& path() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::zookeeper
