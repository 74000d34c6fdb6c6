// What the tests of RegisteredNode share.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/zookeeper/fake_zookeeper.h"
#include "common/zookeeper/registered_node.h"

namespace common::zookeeper {

inline constexpr auto kPath = "/services/web/a";

class RegisteredNodeTest : public testing::Test {
 protected:
  // Everything that is ready, and timers up to a few milliseconds ahead.
  void settle() {
    constexpr int kAtMost = 200;  // handlers: what is tried again and again has no end
    io.restart();
    for (int i = 0; i < kAtMost && io.run_one_for(std::chrono::milliseconds(5)) > 0; ++i) continue;
  }
  RegisteredNode make(RegisteredNode::Options options = {{"/services/web"}, "a"}) {
    options.retry = std::chrono::milliseconds(1);
    return RegisteredNode(
        io, zookeeper, std::move(options),
        {.on_acknowledged = [this](bool present) { acknowledged.push_back(present ? "present" : "absent"); },
         .on_failed = [this](Status, const std::string& error) { failures.push_back(error); },
         .on_taken_over = [this](const FoundNode& other) { taken_over.push_back(other.stat.owner); },
         .on_looked =
             [this](const std::optional<FoundNode>& found) { looked.push_back(found ? found->name : "nothing"); },
         .on_names = [this](const std::vector<std::string>& all) { names = all; }});
  }
  // The kinds whose name changes: everything below the path that begins like it is the instance's.
  static RegisteredNode::Options numbered(bool ephemeral = true) {
    RegisteredNode::Options options{{"/services/web", ephemeral, true}, ""};
    options.recognise = [](const std::string& child) { return is_numbered(child, "a_"); };
    return options;
  }
  static RegisteredNode::Options renamed(bool ephemeral = true) {
    RegisteredNode::Options options{{"/services/web", ephemeral}, ""};
    options.recognise = [](const std::string& child) { return child.starts_with("a-"); };
    return options;
  }
  static WantedNode wish(const std::string& data, const std::string& name = "a") { return {name, data}; }
  static WantedNode numbered_wish(const std::string& data) { return {"a_", data}; }

  void put(const std::string& name, const std::string& data, std::int64_t owner) {
    zookeeper.other(CreateOperation{"/services", "", false});
    zookeeper.other(CreateOperation{"/services/web", "", false});
    ASSERT_EQ(zookeeper.other(CreateOperation{"/services/web/" + name, data, owner != 0}, owner), Status::ok);
  }
  // "a_0000000001=up", of all children.
  std::vector<std::string> children() const {
    std::vector<std::string> result;
    const std::string parent = "/services/web/";
    for (const auto& [path, node] : zookeeper.nodes) {
      if (path.starts_with(parent)) result.push_back(path.substr(parent.size()) + "=" + node.data);
    }
    return result;
  }
  std::string data() { return zookeeper.nodes.contains(kPath) ? zookeeper.nodes[kPath].data : "absent"; }

  boost::asio::io_context io;
  FakeZookeeper zookeeper{io};
  std::vector<std::string> acknowledged;
  std::vector<std::string> failures;
  std::vector<std::int64_t> taken_over;
  std::vector<std::string> looked;
  std::vector<std::string> names;
};

}  // namespace common::zookeeper
