// What ZooKeeper and its C client take as hosts and as a path. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace common::zookeeper {

// Refuses what the C client would misread silently: a missing or impossible port, an IPv6 address in brackets, an empty
// entry.
[[nodiscard]] Result<void> check_hosts(const std::string& hosts);

// The hosts of a config list as the C client's string, ":2181" added where a port is missing.
[[nodiscard]] std::string join_hosts(const std::vector<std::string>& hosts);

// "a:1,b:2/prod" is {"a:1,b:2", "/prod"}; without a chroot, or with "/", that is empty.
struct SplitHosts {
  std::string servers;
  std::string chroot;
};
[[nodiscard]] SplitHosts split_hosts(const std::string& hosts);

// What ZooKeeper takes as a path: it refuses others at each request. The error says what is wrong, without the path.
[[nodiscard]] Result<void> check_path(std::string_view path);

}  // namespace common::zookeeper
