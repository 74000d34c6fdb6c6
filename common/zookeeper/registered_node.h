// The node of one instance, which keeps itself as it should be: whatever happens to the connection, the session or the
// node, what ZooKeeper holds becomes what is wanted. Only an acknowledged answer moves what it believes to be there.
// Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/zookeeper/node_plan.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class RegisteredNode {
 public:
  struct Options {
    NodeKind kind;
    std::string name;  // of the node, when it is always the same
    // Otherwise: the children of the parent that are nodes of this instance.
    std::function<bool(const std::string& child)> recognise = {};
    // With a name that is always the same: what else there may be of the instance, when it had another kind of node.
    std::function<std::vector<std::string>()> others = {};
    // With such a name, when there may be nodes of the instance whose names nobody knows: the children that would be
    // some. They are looked for once, at the first look; those of another session are left alone. Without the
    // permission to list there is no such search.
    std::function<bool(const std::string& child)> strays = {};
    std::chrono::milliseconds retry{1000};  // the pause after a refused write
    std::string user = {};                  // who is logged in, for the messages
  };
  struct Events {
    // ZooKeeper acknowledged what was wanted by the latest want(), once for each, perhaps from within it.
    std::function<void(bool present)> on_acknowledged;
    // A request was refused or its fate is unknown (lost); it is tried again. `error` in ZooKeeper's words. After a
    // refusal what is wanted is acknowledged anew.
    std::function<void(Status status, const std::string& error)> on_failed;
    // A node belonged to another session and was replaced (an older life of this instance, or a twin).
    std::function<void(const FoundNode& other)> on_taken_over = {};
    // What was acknowledged before was not there any more as it should be, and is again: under this name.
    std::function<void(const std::string& name)> on_mended = {};
    // Once: what stood there when it was looked for the first time, whoever made it.
    std::function<void(const std::optional<FoundNode>& found)> on_looked = {};
    // The names of the nodes that are there through this instance are other ones.
    std::function<void(const std::vector<std::string>& names)> on_names = {};
  };

  // Nothing is wanted at first, and nothing but looking is done.
  RegisteredNode(boost::asio::io_context& io, Zookeeper& zookeeper, Options options, Events events);
  ~RegisteredNode();

  // The node shall be there with this name and data, or shall not be there at all. The latest call counts; parents are
  // created as persistent, empty nodes.
  void want(std::optional<WantedNode> wanted);

  // Reads everything again and mends a difference.
  void refresh();

  // What is wanted is acknowledged.
  bool settled() const;
  // There is a connection, as far as is known.
  bool connected() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::zookeeper
