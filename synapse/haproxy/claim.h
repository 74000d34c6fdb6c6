// What a router has to itself, for as long as this object lives: the directory of an HAProxy of our own, the
// configuration file, and the runtime socket. Two synapses that drive one HAProxy would undo each other's work for
// ever. Owned by the router; loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/file/file_lock.h"
#include "common/result.h"
#include "synapse/config.h"

namespace synapse::haproxy {

class Claim {
 public:
  // The error says what is in the way and what to do. Makes the runtimeDir when it is not there. `file_only`: the
  // socket is not used. Where a mark cannot be made (a directory that is missing, or HAProxy's own) it is gone without.
  [[nodiscard]] static common::Result<Claim> make(const HaproxyRouterConfig& config, bool file_only);

 private:
  common::Result<void> take_directory(const std::string& path);
  common::Result<void> take_file(const std::string& path);
  common::Result<void> take_socket(const std::string& path);
  void keep(const std::string& name, std::unique_ptr<common::FileLock> lock);

  std::vector<std::shared_ptr<const common::FileLock>> locks_;
};

}  // namespace synapse::haproxy
