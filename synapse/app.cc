#include "synapse/app.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/runtime/last_signals.h"
#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/host_seed.h"
#include "synapse/routers.h"

namespace synapse {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Beyond what HAProxy's connections may take: closing sessions, ending processes.
constexpr seconds kStopMargin{10};
// On top of that, before a service manager loses its patience.
constexpr seconds kLeaveMargin{2};

common::LoadedConfig loaded_of(const ParsedConfig& parsed, const ConfigFiles& files) {
  common::LoadedConfig loaded{.diagnostics = parsed.diagnostics, .fingerprint = parsed.fingerprint, .directories = {}};
  if (!parsed.config || !parsed.config->watch_config) return loaded;
  loaded.directories.push_back(common::directory_of(files.path()));
  for (const auto& router : parsed.config->routers) {
    if (!router.services_dir.empty()) loaded.directories.push_back(router.services_dir);
    if (const auto* rendered = std::get_if<TemplateRouterConfig>(&router.kind); rendered && !rendered->file.empty()) {
      loaded.directories.push_back(common::directory_of(rendered->file));
    }
  }
  return loaded;
}

}  // namespace

App::App(ConfigFiles files, std::string log_level)
    : files_(std::move(files)),
      log_level_(std::move(log_level)),
      seed_(host_seed()),
      signals_(io_),
      deadline_(io_),
      follower_(io_, "synapse", metrics_,
                {.load = [this] { return load(); },
                 .prove = [this](auto done) { prove(std::move(done)); },
                 .apply = [this] { return apply(); },
                 .unchanged = [this] { withdraw(); }}) {
  metrics_.show_limits("synapse");
}

App::~App() = default;

bool App::start(const ParsedConfig& parsed) {
  std::signal(SIGPIPE, SIG_IGN);
  begin(parsed);
  at_start_ = config_;
  at_start_.routers.clear();
  saved_.emplace(io_, config_.state_path, events_);
  const auto places = places_of(config_.routers);
  for (std::size_t i = 0; i < config_.routers.size(); ++i) {
    auto unit = make_unit(config_.routers[i], places[i]);
    if (!unit) {
      log::error("{}", unit.error().message);
      return false;
    }
    units_.push_back(*std::move(unit));
  }
  if (!claim_state() || !listen()) return false;
  forget_unwanted();
  for (auto& unit : units_) unit->start();
  follower_.begin(loaded_of(parsed, files_));
  return true;
}

// Two would remove each other's files. Where it cannot be marked it cannot be written either, which is told then.
bool App::claim_state() {
  if (config_.state_path.empty()) return true;
  auto lock = common::FileLock::claim(config_.state_path + "/synapse.lock");
  if (!lock) return true;
  state_lock_ = *std::move(lock);
  if (state_lock_) return true;
  log::error("another synapse uses statePath {}; stop it, or give each a statePath of its own", config_.state_path);
  return false;
}

void App::begin(const ParsedConfig& parsed) {
  config_ = *parsed.config;
  shown_ = parsed.shown;
  settled_.set(common::Alarm::Clock::now() + common::kStartTakesAtMost);
}

common::LoadedConfig App::load() {
  loaded_ = files_.load();
  return loaded_of(loaded_, files_);
}

// What is kept of services that are not configured any more.
void App::forget_unwanted() {
  std::set<std::string> files;
  for (const auto& unit : units_) files.merge(unit->saved_files());
  saved_->keep_only(files);
}

Unit* App::find_unit(const std::string& place) const {
  const auto found =
      std::find_if(units_.begin(), units_.end(), [&](const auto& unit) { return unit->place() == place; });
  return found == units_.end() ? nullptr : found->get();
}

int App::run() {
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGHUP}) signals_.add(number);
  control_.spawn("signals", wait_for_signal());
  manager_.ready();
  io_.run();
  common::hold_back_signals();
  const auto busy = [](const auto& unit) { return unit->busy(); };
  const bool stuck = sessions_.busy() || name_servers_.busy() || saved_->busy() ||
                     std::any_of(units_.begin(), units_.end(), busy) ||
                     std::any_of(retiring_.begin(), retiring_.end(), busy);
  if (stuck) {
    log::warn("a name server, ZooKeeper or the disk does not answer; ending without it");
    std::_Exit(exit_code_);
  }
  return exit_code_;
}

common::Result<std::unique_ptr<Unit>> App::make_unit(const RouterConfig& config, const std::string& place) {
  auto router = make_router(config, {.io = io_, .events = events_, .seed = seed_});
  if (!router) return router.error();
  return std::make_unique<Unit>(Unit::Shared{io_, sessions_, name_servers_, events_, *saved_, seed_}, place, config,
                                *std::move(router));
}

bool App::listen() {
  auto routes = api_routes({.missing = [this] { return missing(); },
                            .services = [this](const std::string& name) { return status(name); },
                            .health = [this] { return health(); },
                            .metrics = [this] { return metrics_text(); },
                            .config = [this] { return shown_; },
                            .events = events_.log(),
                            .started = started_});
  guard_.allow(config_.api_allowed_hosts);
  auto listening = common::http::Server::listen(io_, config_.api_host, config_.api_port, std::move(routes),
                                                guard_.server_options(config_.api_host));
  if (!listening) {
    log::error("{}", listening.error().message);
    return false;
  }
  api_ = std::move(*listening);
  if (!config_.api_socket.empty()) {
    if (const auto on_socket = api_->listen_on_socket(config_.api_socket); !on_socket) {
      log::error("{}", on_socket.error().message);
      return false;
    }
  }
  loop_.emplace(io_);
  log::info("{} started, admin API on {}:{}{}", version(), config_.api_host, api_->port(),
            config_.api_socket.empty() ? "" : " and " + config_.api_socket);
  return true;
}

asio::awaitable<void> App::wait_for_signal() {
  for (;;) {
    const int number = co_await signals_.async_wait(asio::use_awaitable);
    if (number == SIGHUP) {
      follower_.ask("SIGHUP");
      continue;
    }
    log::info("{}: stopping", number == SIGUSR2 ? "SIGUSR2" : number == SIGINT ? "SIGINT" : "SIGTERM");
    control_.spawn("stop", stop(number == SIGUSR2));
    // A second one is an operator who will not wait.
    int again = 0;
    while (again != SIGTERM && again != SIGINT) again = co_await signals_.async_wait(asio::use_awaitable);
    log::warn("second signal: leaving at once");
    exit_code_ = 1;
    io_.stop();
    co_return;
  }
}

asio::awaitable<void> App::stop(bool leave_running) {
  milliseconds limit = kStopMargin;
  if (!leave_running) {
    for (const auto& unit : units_) limit += unit->shutdown_timeout();
  }
  for (const auto& unit : retiring_) limit += unit->shutdown_timeout();
  give_up_after(limit);
  manager_.stopping(limit + kLeaveMargin);
  follower_.end();
  saved_->flush();
  for (auto& unit : units_) co_await unit->stop(leave_running);
  while (!retiring_.empty()) co_await one_retired();
  co_await sessions_.close();
  co_await saved_->flushed();
  api_.reset();
  log::info("stopped");
  io_.stop();
}

void App::give_up_after(milliseconds limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([this, limit](const boost::system::error_code& stopped) {
    if (stopped) return;
    log::error("not stopped within {} ms; leaving what is left", limit.count());
    exit_code_ = 1;
    io_.stop();
  });
}

}  // namespace synapse
