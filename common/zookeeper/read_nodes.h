// Reads several children of one path, one after the other, and leaves a watch on each. Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/zookeeper/node_plan.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

struct ReadNodes {
  Status status = Status::ok;
  std::string error;             // ZooKeeper's words
  std::string path;              // which one could not be read
  std::vector<FoundNode> found;  // without those that are not there
};

// `done` is called even when whoever asked is gone, but not after the session is; for no names within the call.
void read_nodes(Zookeeper& zookeeper, const std::string& parent, std::vector<std::string> names,
                std::function<void(const ReadNodes& result)> done);

}  // namespace common::zookeeper
