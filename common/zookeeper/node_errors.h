// Why a request about a node was refused, in words that name the path, and, where a permission is missing, which one
// and for whom. Pure.
#pragma once

#include <string>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

// `error`: ZooKeeper's words. `user`: who is logged in; empty: nobody.
[[nodiscard]] std::string read_error(const std::string& path, Status status, const std::string& error,
                                     const std::string& user);
[[nodiscard]] std::string list_error(const std::string& path, Status status, const std::string& error,
                                     const std::string& user);
[[nodiscard]] std::string write_error(const Operation& operation, Status status, const std::string& error,
                                      const std::string& user);

}  // namespace common::zookeeper
