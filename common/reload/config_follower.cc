#include "common/reload/config_follower.h"

#include <chrono>
#include <filesystem>
#include <utility>

namespace common {
namespace {

// Editors and configuration tools write several files, or one in several steps.
constexpr std::chrono::milliseconds kSettle{200};

}  // namespace

ConfigFollower::ConfigFollower(boost::asio::io_context& io, const std::string& program, Metrics& metrics,
                               Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      events_(program, metrics),
      watch_(io, kSettle, [this] { reload("a file changed", false); }) {}

void ConfigFollower::begin(const LoadedConfig& loaded) {
  fingerprint_ = loaded.fingerprint;
  directories_ = loaded.directories;
  last_refused_.reset();
  watch();
}

void ConfigFollower::watch() {
  events_.watched(watch_.watch(ended_ ? std::vector<std::string>() : directories_));
}

void ConfigFollower::reload(const std::string& why, bool asked) {
  if (ended_) return;
  watch();  // a directory may be another one by now
  const auto loaded = callbacks_.load();
  if (!loaded.diagnostics.ok()) return refuse(why, asked, loaded.fingerprint, loaded.diagnostics);
  if (loaded.fingerprint == fingerprint_) {
    callbacks_.unchanged();
    if (asked || last_refused_) events_.unchanged(why);
    last_refused_.reset();
    return;
  }
  const auto applied = callbacks_.apply();
  if (!applied) {
    Diagnostics diagnostics;
    diagnostics.errors.push_back(applied.error().message);
    return refuse(why, asked, loaded.fingerprint, diagnostics);
  }
  events_.loaded(loaded.diagnostics.warnings, *applied);
  begin(loaded);
}

void ConfigFollower::refuse(const std::string& why, bool asked, std::size_t fingerprint,
                            const Diagnostics& diagnostics) {
  if (asked || last_refused_ != fingerprint) events_.refused(why, diagnostics);
  last_refused_ = fingerprint;
}

void ConfigFollower::end() {
  ended_ = true;
  watch();
}

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace common
