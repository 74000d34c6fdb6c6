// Creates a path with all that is missing above it, as persistent, empty nodes. Loop thread only.
#pragma once

#include <functional>
#include <string>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

// `done` hears how it ended: ok also when the path was there already; otherwise `refused` is the path that could not be
// created. It is called even when whoever asked is gone, but not after the session is.
void create_path(Zookeeper& zookeeper, const std::string& path, const Acl& acl,
                 std::function<void(const CommitReply& reply, const std::string& refused)> done);

}  // namespace common::zookeeper
