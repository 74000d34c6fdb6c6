#include "synapse/haproxy/claim.h"

#include <filesystem>
#include <map>
#include <utility>

namespace synapse::haproxy {

using common::fail;
using common::FileLock;
using common::Result;

namespace {

// What this process has locked. The kernel does not tell its locks from those of others.
std::map<std::string, std::weak_ptr<const FileLock>>& own_locks() {
  static std::map<std::string, std::weak_ptr<const FileLock>> held;
  return held;
}

// Only a file that moves while its directory or its HAProxy stays gets here: a router that comes back waits for the
// former one to end.
std::string who_has(const std::string& lock) {
  return own_locks()[lock].expired() ? "another synapse" : "a router of this synapse that still runs";
}

// What is known to be ours is not waited for.
Result<std::unique_ptr<FileLock>> claim_unless_ours(const std::string& lock) {
  if (!own_locks()[lock].expired()) return std::unique_ptr<FileLock>();
  return FileLock::claim(lock);
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
  const auto name = path + "/synapse.lock";
  auto lock = claim_unless_ours(name);
  if (!lock) return fail("runtimeDir: " + lock.error().message + "; set runtimeDir to a directory of this user");
  if (!*lock) {
    return fail(who_has(name) + " uses runtimeDir " + path + "; stop it, or give each a runtimeDir of its own");
  }
  keep(name, *std::move(lock));
  return {};
}

Result<void> Claim::take_file(const std::string& path) {
  const auto name = path + ".lock";
  auto lock = claim_unless_ours(name);
  if (!lock) return {};  // nor can the file be written, which is told then
  if (!*lock) {
    return fail(who_has(name) + " writes configPath " + path + "; stop it, or give each a configPath of its own");
  }
  keep(name, *std::move(lock));
  return {};
}

// A router whose file has moved drives the same HAProxy as the one that it replaces, which ends at the same moment.
Result<void> Claim::take_socket(const std::string& path) {
  const auto name = path + ".lock";
  if (auto held = own_locks()[name].lock()) {
    locks_.push_back(std::move(held));
    return {};
  }
  auto lock = FileLock::claim(name);
  if (!lock) return {};
  if (!*lock) {
    return fail("another synapse drives the HAProxy at " + path + "; stop it, or give each an HAProxy of its own");
  }
  keep(name, *std::move(lock));
  return {};
}

void Claim::keep(const std::string& name, std::unique_ptr<FileLock> lock) {
  locks_.push_back(std::move(lock));
  own_locks()[name] = locks_.back();
}

}  // namespace synapse::haproxy
