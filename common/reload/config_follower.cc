#include "common/reload/config_follower.h"

#include <chrono>
#include <filesystem>
#include <utility>

namespace common {
namespace {

// Editors and configuration tools write several files, or one in several steps.
constexpr std::chrono::milliseconds kSettle{200};
// Reading and comparing everything takes a while where there are many services; a thousand signals in a row must not
// keep us from all else.
constexpr std::chrono::milliseconds kAskInterval{250};

}  // namespace

ConfigFollower::ConfigFollower(boost::asio::io_context& io, const std::string& program, Metrics& metrics,
                               Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      events_(program, metrics),
      watch_(io, kSettle, [this] { reload("a file changed", false); }),
      ask_interval_(kAskInterval),
      ask_again_(io, [this] { ask(asked_); }) {}

void ConfigFollower::begin(const LoadedConfig& loaded) {
  fingerprint_ = loaded.fingerprint;
  directories_ = loaded.directories;
  last_refused_.reset();
  watch();
}

void ConfigFollower::watch() {
  events_.watched(watch_.watch(ended_ ? std::vector<std::string>() : directories_));
}

void ConfigFollower::ask(const std::string& why) {
  asked_ = why;
  const auto now = Alarm::Clock::now();
  const auto due = ask_interval_.earliest(now);
  if (due > now) return ask_again_.set(due);
  ask_again_.clear();
  reload(why, true);
  ask_interval_.acted(Alarm::Clock::now());
}

void ConfigFollower::reload(const std::string& why, bool asked) {
  if (ended_) return;
  if (proving_) {
    later_ = Wish{why, asked || (later_ && later_->asked)};
    return;
  }
  watch();  // a directory may be another one by now
  const Wish wish{why, asked};
  const auto loaded = callbacks_.load();
  if (!loaded.diagnostics.ok()) return refuse(wish, loaded.fingerprint, loaded.diagnostics);
  if (loaded.fingerprint == fingerprint_) {
    callbacks_.unchanged();
    if (asked || last_refused_) events_.unchanged(why);
    last_refused_.reset();
    return;
  }
  if (!callbacks_.prove) return apply(wish, loaded);
  proving_ = true;
  callbacks_.prove([this, wish, loaded](const Result<void>& result) { proven(wish, loaded, result); });
}

void ConfigFollower::proven(const Wish& wish, const LoadedConfig& loaded, const Result<void>& result) {
  proving_ = false;
  if (ended_) return;
  if (result) {
    apply(wish, loaded);
  } else {
    refuse(wish, loaded.fingerprint, {.errors = {result.error().message}, .warnings = {}});
  }
  if (const auto later = std::exchange(later_, {})) reload(later->why, later->asked);
}

void ConfigFollower::apply(const Wish& wish, const LoadedConfig& loaded) {
  const auto applied = callbacks_.apply();
  if (!applied) {
    return refuse(wish, loaded.fingerprint, {.errors = {applied.error().message}, .warnings = {}});
  }
  events_.loaded(loaded.diagnostics.warnings, *applied);
  begin(loaded);
}

void ConfigFollower::refuse(const Wish& wish, std::size_t fingerprint, const Diagnostics& diagnostics) {
  if (wish.asked || last_refused_ != fingerprint) events_.refused(wish.why, diagnostics);
  last_refused_ = fingerprint;
}

void ConfigFollower::end() {
  ended_ = true;
  ask_again_.clear();
  watch();
}

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace common
