// What is configured about one reporter. Light, so that the configuration does not depend on how reporters work.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "common/zookeeper/acl.h"
#include "common/zookeeper/credentials.h"

namespace nerve {

struct ConsoleOptions {
  friend bool operator==(const ConsoleOptions&, const ConsoleOptions&) = default;
};
struct FileOptions {
  std::string path = "/tmp/nerve.report";
  bool append = false;
  friend bool operator==(const FileOptions&, const FileOptions&) = default;
};
// What kind of node an instance is in the registry.
struct NodeForm {
  bool ephemeral = true;
  bool sequential = false;
  bool path_encoded = false;  // its name holds the whole record
  friend bool operator==(const NodeForm&, const NodeForm&) = default;
};
struct ZookeeperOptions {
  std::string hosts;  // as the C client wants them: "a:2181,b:2181/chroot"
  std::string path;   // "/services/web", without a slash at its end
  std::chrono::milliseconds connection_timeout{2000};
  std::chrono::milliseconds refresh_interval{300'000};
  bool expose_on_unavailable = false;
  bool expose_on_disable = false;
  NodeForm node;
  common::zookeeper::Credentials auth;
  std::string password_file;   // where the password of `auth` was read; empty: it stands in the configuration
  common::zookeeper::Acl acl;  // of all that is created; empty: open
  friend bool operator==(const ZookeeperOptions&, const ZookeeperOptions&) = default;
};

struct ReporterConfig {
  std::string type = "console";
  std::variant<ConsoleOptions, FileOptions, ZookeeperOptions> options;

  friend bool operator==(const ReporterConfig&, const ReporterConfig&) = default;
};

}  // namespace nerve
