#include "nerve/app.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/registration/validate.h"
#include "common/runtime/descriptor_limit.h"
#include "common/runtime/last_signals.h"
#include "common/telemetry/log.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::milliseconds;
using std::chrono::seconds;

// On top of what the configuration allows for the drain.
constexpr seconds kDrainMargin{2};
// For the registry to confirm. When it does not answer, the registration goes with the session.
constexpr seconds kDeregisterLimit{2};
// What an earlier life left goes when what takes its place is there, or when that takes too long.
constexpr seconds kSweepLimit{30};
// For news that are on their way when the registrations are handed over.
constexpr seconds kHandOverLimit{1};
constexpr seconds kCloseLimit{4};
// A full disk is not told by anybody when it has space again.
constexpr seconds kSaveRetry{5};
// On top of all that, before a service manager loses its patience.
constexpr seconds kStopMargin{2};
// A terminal and a wrapper script may both pass on one and the same wish.
constexpr seconds kOneWish{1};
const char* name_of_signal(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    case SIGUSR2:
      return "SIGUSR2";
    default:
      return "SIGINT";
  }
}

// The keys that only count at the start.
void warn_of_fixed_keys(const Config& before, const Config& after) {
  std::string keys;
  const auto note = [&keys](bool differs, const char* key) {
    if (differs) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  note(after.api_host != before.api_host, "apiHost");
  note(after.api_port != before.api_port, "apiPort");
  note(after.api_socket != before.api_socket, "apiSocket");
  // Its default follows the port.
  note(after.state_path != before.state_path && after.api_port == before.api_port, "statePath");
  if (!keys.empty()) log::warn("a restart is needed for the new {}: nerve keeps the old until then", keys);
}

common::LoadedConfig loaded_of(const ParsedConfig& parsed, const ConfigFiles& files) {
  common::LoadedConfig loaded{.diagnostics = parsed.diagnostics, .fingerprint = parsed.fingerprint, .directories = {}};
  if (!parsed.config.watch_config) return loaded;
  loaded.directories.push_back(common::directory_of(files.path()));
  if (!parsed.config.services_dir.empty()) loaded.directories.push_back(parsed.config.services_dir);
  for (const auto& file : other_files(parsed.config)) loaded.directories.push_back(common::directory_of(file));
  return loaded;
}

void legacy_get_used(const std::string& pattern) {
  log::warn("admin API: GET {} changes something, which is deprecated: use PUT; apiLegacyGet: false refuses it",
            pattern);
}

}  // namespace

App::App(std::string version, ConfigFiles files, std::string log_level)
    : version_(std::move(version)),
      log_level_(std::move(log_level)),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      files_(std::move(files)),
      follower_(io_, "nerve", metrics_,
                {.load = [this] { return load(); },
                 .prove = {},
                 .apply = [this] { return apply(); },
                 .unchanged = [this] { read_token_again(); }}),
      access_(legacy_get_used,
              [this](const std::string& peer) { guard_.refused(common::http::Refusal::unauthorized, peer); }) {
  signals_.add(SIGUSR2);
  // A reader of our stdout or of a socket that went away is an error of that write, not our end.
  std::signal(SIGPIPE, SIG_IGN);
  common::raise_descriptor_limit();
  metrics_.show_limits("nerve");
}

App::~App() = default;

common::Result<void> App::start(const ParsedConfig& parsed) {
  const Config& config = parsed.config;
  const Service::Makers makers{
      .check =
          [this](const CheckConfig& check) {
            return make_check(check, {resolver_, http_, brokers_, exec_turns_});
          },
      .reporter =
          [this](const ReporterConfig& reporter, const ReportSubject& subject, Reporter::Events events) {
            return make_reporter(reporter, subject, {io_, *sessions_}, std::move(events));
          }};
  roster_.emplace(io_, makers, Telemetry{service_metrics_, events_}, [this] {
    step_.cancel();
    save_.set(common::Alarm::Clock::now());
  });
  liveness_.emplace(io_, roster_->services());
  // The port first: when it is taken, this may be a second nerve, which must not touch the registry.
  if (auto opened = open_api(config); !opened) return opened.error();
  if (const auto claimed = claim_state(config.state_path); !claimed) return claimed.error();
  sessions_.emplace(io_, std::exchange(saved_services_.sessions, {}),
                    [this] { save_.set(common::Alarm::Clock::now()); });
  roster_->apply(config.services, saved_services_.services);
  sweep_.set(std::chrono::steady_clock::now() + kSweepLimit);
  begin(parsed);
  follower_.begin(loaded_of(parsed, files_));
  return {};
}

void App::begin(const ParsedConfig& parsed) {
  config_ = parsed.config;
  config_.services.clear();
  exec_turns_.set_at_once(static_cast<std::size_t>(config_.max_exec_checks));
  shown_ = parsed.shown;
  settled_.set(common::Alarm::Clock::now() + common::kStartTakesAtMost);
}

common::LoadedConfig App::load() {
  loaded_ = files_.load();
  return loaded_of(loaded_, files_);
}

common::Result<void> App::open_api(const Config& config) {
  if (auto set = set_access(access_, config); !set) return set.error();
  guard_.allow(config.api_allowed_hosts);
  auto routes = make_api(roster_->services(), {.version = version_,
                                               .metrics = [this] { return metrics_.text(); },
                                               .config = [this] { return shown_; },
                                               .events = events_,
                                               .liveness = *liveness_,
                                               .access = access_});
  auto api = common::http::Server::listen(io_, config.api_host, config.api_port, std::move(routes),
                                          guard_.server_options(config.api_host));
  if (!api) return api.error();
  if (!config.api_socket.empty()) {
    if (auto listening = (*api)->listen_on_socket(config.api_socket); !listening) return listening.error();
  }
  api_ = *std::move(api);
  log::info("nerve {} with {} service(s); admin API on {}{}{}", version_, config.services.size(),
            common::host_port(config.api_host, api_->port()), config.api_socket.empty() ? "" : " and ",
            config.api_socket);
  return {};
}

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

// What can change at run time. An error has changed nothing.
common::Result<common::ConfigDifference> App::apply() {
  const auto parsed = std::exchange(loaded_, {});
  if (const auto set = set_access(access_, parsed.config); !set) return set.error();
  guard_.allow(parsed.config.api_allowed_hosts);
  log::set_level(log_level_.empty() ? parsed.config.log_level : log_level_);
  warn_of_fixed_keys(config_, parsed.config);
  if (const auto kept = ConfigFiles::keep_expanded(parsed); !kept) {
    log::warn("templatedConfigPath: {}", kept.error().message);
  }
  begin(parsed);
  auto difference = roster_->apply(parsed.config.services);
  if (swept_) sweep();
  return difference;
}

void App::sweep() {
  swept_ = true;
  sweep_.clear();
  sessions_->sweep();
}

// The token's file is none of the configuration's.
void App::read_token_again() {
  if (const auto set = set_access(access_, config_); !set) {
    log::warn("{}; the old token holds", set.error().message);
  }
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

int App::run() {
  wait_for_signal();
  manager_.ready();
  io_.run();
  common::hold_back_signals();
  const int status = orderly_ ? EXIT_SUCCESS : EXIT_FAILURE;
  if (sessions_left_) std::_Exit(status);
  if (sessions_->busy() || resolver_.busy()) {
    log::warn("{} does not answer; ending without it", resolver_.busy() ? "a name server" : "ZooKeeper");
    std::_Exit(status);
  }
  return status;
}

void App::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
    if (cancelled) return;
    on_signal(number);
    wait_for_signal();
  });
}

void App::on_signal(int number) {
  const std::string name = name_of_signal(number);
  if (number == SIGHUP) return follower_.ask(name);
  const auto now = std::chrono::steady_clock::now();
  if (stop_asked_) {
    if (now - *stop_asked_ < kOneWish) return;
    log::warn("{} again: not waiting any longer", name);
    hurry_ = true;
    step_.cancel();
    return;
  }
  save_state();
  stop_asked_ = now;
  follower_.end();
  if (number == SIGUSR2) {
    log::info("{}: stopping; the registrations stay for the next start", name);
    stopping_.spawn("hand over", hand_over());
  } else {
    log::info("{}: disabling the services, then stopping; once more to stop without waiting for them", name);
    stopping_.spawn("stop", stop());
  }
}

asio::awaitable<void> App::stop() {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto drained_by = now() + roster_->longest_drain() + kDrainMargin;
  manager_.stopping(roster_->longest_drain() + kDrainMargin + kDeregisterLimit + kCloseLimit + kStopMargin);
  roster_->stop(Service::Ending::shutdown);
  const bool stopped = co_await wait_until(&App::all_stopped, drained_by);
  if (!stopped) {
    orderly_ = false;
    if (!hurry_) log::warn("the services took longer to disable than configured; stopping all the same");
    roster_->stop(Service::Ending::now);
  }

  hurry_ = false;  // taking back the registration is bounded, and worth its time
  const bool confirmed = co_await wait_until(&App::all_confirmed, now() + kDeregisterLimit);
  if (!confirmed) {
    orderly_ = false;
    roster_->warn_of_unconfirmed();
  }
  co_await roster_->end();
  api_.reset();
  if (roster_->keeps_registrations()) {
    save_state();
    sessions_left_ = true;
    log::info("stopped; registrations stay until their sessions expire, or for the next start");
  } else {
    co_await close_sessions();
    log::info("stopped");
  }
  io_.stop();
}

asio::awaitable<void> App::hand_over() {
  manager_.stopping(kHandOverLimit + kStopMargin);
  roster_->stop(Service::Ending::hand_over);
  const bool confirmed = co_await wait_until(&App::all_confirmed, std::chrono::steady_clock::now() + kHandOverLimit);
  if (!confirmed) roster_->warn_of_unconfirmed();
  co_await roster_->end();
  api_.reset();
  save_state();
  sessions_left_ = true;
  log::info("stopped; the registrations stay until their sessions expire, or for the next start");
  io_.stop();
}

asio::awaitable<void> App::close_sessions() {
  if (orderly_) {
    if (state_file_) state_file_->remove();
  } else {
    save_state();  // what may have stayed behind
  }
  state_path_.clear();
  state_file_.reset();
  sessions_->close([this] {
    sessions_closed_ = true;
    step_.cancel();
  });
  const bool closed = co_await wait_until(&App::sessions_closed, std::chrono::steady_clock::now() + kCloseLimit);
  if (!closed) orderly_ = false;
}

asio::awaitable<bool> App::wait_until(bool (App::*reached)() const, Deadline deadline) {
  while (!(this->*reached)()) {
    if (hurry_ || std::chrono::steady_clock::now() >= deadline) co_return false;
    boost::system::error_code ignored;
    step_.expires_at(deadline);
    co_await step_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return true;
}

}  // namespace nerve
