#include "synapse/haproxy/claim.h"

#include <filesystem>
#include <map>
#include <utility>

namespace synapse::haproxy {

using common::fail;
using common::FileLock;
using common::Result;

namespace {

// A router that replaces another one of this process at a reload may have the same socket while that one ends.
std::map<std::string, std::weak_ptr<const FileLock>>& sockets() {
  static std::map<std::string, std::weak_ptr<const FileLock>> held;
  return held;
}

}  // namespace

Result<Claim> Claim::make(const HaproxyRouterConfig& config, bool file_only) {
  Claim claim;
  if (config.runs_haproxy()) {
    if (auto taken = claim.take_directory(config.runtime_dir); !taken) return taken.error();
  }
  if (auto taken = claim.take_file(config.config_path); !taken) return taken.error();
  if (file_only || config.runs_haproxy()) return claim;
  auto paths = config.further_sockets;
  paths.push_back(config.socket_path);
  for (const auto& path : paths) {
    if (!path.starts_with('/')) continue;
    if (auto taken = claim.take_socket(path); !taken) return taken.error();
  }
  return claim;
}

Result<void> Claim::take_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return fail("cannot create runtimeDir " + path + ": " + error.message() + "; create it, or set runtimeDir");
  }
  auto lock = FileLock::claim(path + "/synapse.lock");
  if (!lock) return fail("runtimeDir: " + lock.error().message + "; set runtimeDir to a directory of this user");
  if (!*lock) {
    return fail("another synapse uses runtimeDir " + path + "; stop it, or give each a runtimeDir of its own");
  }
  locks_.push_back(*std::move(lock));
  return {};
}

Result<void> Claim::take_file(const std::string& path) {
  auto lock = FileLock::claim(path + ".lock");
  if (!lock) return {};  // nor can the file be written, which is told then
  if (!*lock) {
    return fail("another synapse writes configPath " + path + "; stop it, or give each a configPath of its own");
  }
  locks_.push_back(*std::move(lock));
  return {};
}

Result<void> Claim::take_socket(const std::string& path) {
  auto& known = sockets()[path];
  auto held = known.lock();
  if (!held) {
    auto lock = FileLock::claim(path + ".lock");
    if (!lock) return {};
    if (!*lock)
      return fail("another synapse drives the HAProxy at " + path + "; stop it, or give each an HAProxy of its own");
    held = *std::move(lock);
    known = held;
  }
  locks_.push_back(std::move(held));
  return {};
}

}  // namespace synapse::haproxy
