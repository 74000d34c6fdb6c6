#include "nerve/config_follower.h"

#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

namespace nerve {
namespace {

// Editors and configuration tools write several files, or one in several steps.
constexpr std::chrono::milliseconds kSettle{200};

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

// The keys that only count at the start.
std::vector<std::string> fixed_keys_changed(const Config& before, const Config& after) {
  std::vector<std::string> keys;
  if (after.api_host != before.api_host) keys.emplace_back("apiHost");
  if (after.api_port != before.api_port) keys.emplace_back("apiPort");
  if (after.api_socket != before.api_socket) keys.emplace_back("apiSocket");
  // Its default follows the port.
  if (after.state_path != before.state_path && after.api_port == before.api_port) keys.emplace_back("statePath");
  return keys;
}

}  // namespace

ConfigFollower::ConfigFollower(boost::asio::io_context& io, ConfigFiles files, common::Metrics& metrics,
                               Callbacks callbacks)
    : files_(std::move(files)),
      callbacks_(std::move(callbacks)),
      events_(metrics),
      watch_(io, kSettle, [this] { reload("a file changed", false); }) {}

void ConfigFollower::begin(const ParsedConfig& parsed) {
  config_ = parsed.config;
  config_.services.clear();  // the services have what they need
  shown_ = parsed.shown;
  fingerprint_ = parsed.fingerprint;
  last_refused_.reset();
  watch();
}

void ConfigFollower::watch() {
  std::vector<std::string> directories;
  if (config_.watch_config && !ended_) {
    directories.push_back(directory_of(files_.path()));
    if (!config_.services_dir.empty()) directories.push_back(config_.services_dir);
  }
  events_.watched(watch_.watch(directories));
}

void ConfigFollower::reload(const std::string& why, bool asked) {
  if (ended_) return;
  watch();  // a directory may be another one by now
  const auto parsed = files_.load();
  if (!parsed.diagnostics.ok()) return refuse(why, asked, parsed, parsed.diagnostics);
  if (parsed.fingerprint == fingerprint_) {
    callbacks_.unchanged();
    if (asked || last_refused_) events_.unchanged(why);
    last_refused_.reset();
    return;
  }
  const auto applied = callbacks_.apply(parsed);
  if (!applied) {
    common::Diagnostics diagnostics;
    diagnostics.errors.push_back(applied.error().message);
    return refuse(why, asked, parsed, diagnostics);
  }
  const auto fixed = fixed_keys_changed(config_, parsed.config);
  if (!fixed.empty()) events_.needs_restart(fixed);
  events_.loaded(parsed.diagnostics.warnings, *applied);
  if (const auto kept = ConfigFiles::keep_expanded(parsed); !kept) events_.not_kept(kept.error().message);
  begin(parsed);
}

void ConfigFollower::refuse(const std::string& why, bool asked, const ParsedConfig& parsed,
                            const common::Diagnostics& diagnostics) {
  if (asked || last_refused_ != parsed.fingerprint) events_.refused(why, diagnostics);
  last_refused_ = parsed.fingerprint;
}

void ConfigFollower::end() {
  ended_ = true;
  watch();
}

}  // namespace nerve
