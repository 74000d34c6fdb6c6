// The part of the app that keeps on disk what the next life needs, and takes away what an earlier one has left.
#include <chrono>
#include <utility>

#include "common/telemetry/log.h"
#include "nerve/app.h"

namespace nerve {
namespace {

namespace log = common::log;
using std::chrono::seconds;

// A full disk is not told by anybody when it has space again.
constexpr seconds kSaveRetry{5};

}  // namespace

// Without it nerve works, but its restarts are seen.
common::Result<void> App::claim_state(const std::string& path) {
  if (path.empty()) return {};
  auto file = SavedStateFile::claim(path);
  if (file && !*file) {
    return common::fail("statePath: cannot claim " + path + ": another nerve has it; give each its own");
  }
  state_path_ = path;
  if (!file) {
    tell_not_saved(file.error().message);
    return {};
  }
  auto state = (*file)->load();
  if (!state) log::warn("{}; starting without it", state.error().message);
  if (state) saved_services_ = *std::move(state);
  state_file_ = *std::move(file);
  return {};
}

// Tried again where it could not be had: a disk that was full at the start may not be for ever.
bool App::has_state_file() {
  if (state_file_ || state_path_.empty()) return state_file_ != nullptr;
  auto file = SavedStateFile::claim(state_path_);
  if (!file) {
    tell_not_saved(file.error().message);
    return false;
  }
  if (!*file) {
    tell_not_saved("another nerve has " + state_path_ + " by now");
    state_path_.clear();
    return false;
  }
  state_file_ = *std::move(file);
  return true;
}

void App::tell_not_saved(const std::string& why) {
  save_.set(common::Alarm::Clock::now() + kSaveRetry);
  if (state_error_.failed()) {
    log::warn("statePath: {}; the next start of nerve will not go on where this one ends", why);
  }
}

void App::sweep() {
  swept_ = true;
  sweep_.clear();
  sessions_->sweep();
}

void App::save_state() {
  if (!stop_asked_ && roster_->all_settled()) {
    if (!swept_) sweep();
    sessions_->close_unused();
  }
  if (sessions_closed_ || !has_state_file()) return;
  if (!stop_asked_) {
    saved_services_.services.clear();
    for (const auto& service : roster_->services()) {
      if (service->stopping()) continue;
      const Resumed past = service->past();
      if (past.mode == Mode::enabled && !past.full_weight) continue;
      saved_services_.services[service->name()] = {.mode = past.mode, .full_weight = past.full_weight};
    }
  }
  saved_services_.sessions = sessions_->saved();
  const auto saved = state_file_->save(saved_services_);
  if (!saved) {
    tell_not_saved(saved.error().message);
  } else if (state_error_.over() > 0) {
    log::info("statePath can be written again");
  }
}

}  // namespace nerve
