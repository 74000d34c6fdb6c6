#include "nerve/app.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "common/registration/validate.h"
#include "common/runtime/descriptor_limit.h"
#include "common/runtime/last_signals.h"
#include "common/telemetry/log.h"

namespace nerve {
namespace {

namespace log = common::log;
using std::chrono::seconds;

// What an earlier life left goes when what takes its place is there, or when that takes too long.
constexpr seconds kSweepLimit{30};

// The keys that only count at the start.
void warn_of_fixed_keys(const Config& at_start, const Config& wanted) {
  std::string keys;
  const auto note = [&keys](bool differs, const char* key) {
    if (differs) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  note(wanted.api_host != at_start.api_host, "apiHost");
  note(wanted.api_port != at_start.api_port, "apiPort");
  note(wanted.api_socket != at_start.api_socket, "apiSocket");
  note(wanted.core_dumps != at_start.core_dumps, "coreDumps");
  // Its default follows the port.
  note(wanted.state_path != at_start.state_path && wanted.api_port == at_start.api_port, "statePath");
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
  at_start_ = config;
  at_start_.services.clear();
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

// What can change at run time. An error has changed nothing.
common::Result<common::ConfigDifference> App::apply() {
  const auto parsed = std::exchange(loaded_, {});
  if (const auto set = set_access(access_, parsed.config); !set) return set.error();
  guard_.allow(parsed.config.api_allowed_hosts);
  log::set_level(log_level_.empty() ? parsed.config.log_level : log_level_);
  warn_of_fixed_keys(at_start_, parsed.config);
  if (const auto kept = ConfigFiles::keep_expanded(parsed); !kept) {
    log::warn("templatedConfigPath: {}", kept.error().message);
  }
  begin(parsed);
  auto difference = roster_->apply(parsed.config.services);
  if (swept_) sweep();
  return difference;
}

// The token's file is none of the configuration's.
void App::read_token_again() {
  if (const auto set = set_access(access_, config_); !set) {
    log::warn("{}; the old token holds", set.error().message);
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

}  // namespace nerve
