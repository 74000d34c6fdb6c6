#include "synapse/app.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <iterator>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/routers.h"

namespace synapse {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Beyond what HAProxy's connections may take: closing sessions, ending processes.
constexpr seconds kStopMargin{10};

// The same at every start of this host, and another one on other hosts: not all shall prefer the same server.
std::uint64_t host_seed() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::hash<std::string_view>()(name.data());
}

// The directory of an HAProxy of our own, held by this process alone for as long as it lives. The lock goes with the
// descriptor, which no child inherits.
bool claim_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    log::error("cannot create runtimeDir {}: {}; create it, or set runtimeDir", path, error.message());
    return false;
  }
  const std::string lock = path + "/synapse.lock";
  const int descriptor = ::open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    log::error("cannot write in runtimeDir {}: {}; set runtimeDir to a directory of this user", path,
               std::strerror(errno));
    return false;
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
  log::error("another synapse uses runtimeDir {}; stop it, or give each a runtimeDir of its own", path);
  ::close(descriptor);
  return false;
}

}  // namespace

App::App(Config config) : config_(std::move(config)), seed_(host_seed()), signals_(io_), deadline_(io_) {}

App::~App() = default;

int App::run() {
  std::signal(SIGPIPE, SIG_IGN);
  if (!make_units() || !listen()) return 1;
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGHUP}) signals_.add(number);
  for (auto& unit : units_) tasks_.spawn("router", unit->router().run());
  control_.spawn("signals", wait_for_signal());
  io_.run();
  const bool stuck = sessions_.busy() ||
                     std::any_of(units_.begin(), units_.end(), [](const auto& unit) { return unit->router().busy(); });
  if (stuck) {
    log::warn("a name server or ZooKeeper does not answer; ending without it");
    std::_Exit(exit_code_);
  }
  return exit_code_;
}

bool App::make_units() {
  const auto places = places_of(config_.routers);
  for (std::size_t i = 0; i < config_.routers.size(); ++i) {
    auto unit = make_unit(config_.routers[i], places[i]);
    if (!unit) return false;
    units_.push_back(std::move(unit));
  }
  return true;
}

// Null: it was said why.
std::unique_ptr<Unit> App::make_unit(const RouterConfig& config, const std::string& place) {
  if (const auto* haproxy = std::get_if<HaproxyRouterConfig>(&config.kind)) {
    if (haproxy->runs_haproxy() && !claim_directory(haproxy->runtime_dir)) return nullptr;
  }
  auto router = make_router(config, {.io = io_, .events = events_, .seed = seed_});
  return std::make_unique<Unit>(Unit::Shared{io_, sessions_, events_, seed_}, place, config, std::move(router));
}

bool App::listen() {
  auto listening = common::http::Server::listen(
      io_, config_.api_host, config_.api_port,
      api_routes({.not_ready = [this] { return not_ready(); }, .metrics = [this] { return metrics_.text(); }}));
  if (!listening) {
    log::error("{}", listening.error().message);
    return false;
  }
  api_ = std::move(*listening);
  log::info("{} started, admin API on {}:{}", version(), config_.api_host, api_->port());
  return true;
}

std::vector<std::string> App::not_ready() const {
  std::vector<std::string> names;
  for (const auto& unit : units_) {
    auto missing = unit->not_ready();
    std::move(missing.begin(), missing.end(), std::back_inserter(names));
  }
  return names;
}

asio::awaitable<void> App::wait_for_signal() {
  for (;;) {
    const int number = co_await signals_.async_wait(asio::use_awaitable);
    if (number == SIGHUP) {
      log::warn(
          "SIGHUP: the configuration is read at the start only; restart synapse, or send SIGUSR2 first to leave "
          "HAProxy running meanwhile");
      continue;
    }
    log::info("{}: stopping", number == SIGUSR2 ? "SIGUSR2" : number == SIGINT ? "SIGINT" : "SIGTERM");
    control_.spawn("stop", stop(number == SIGUSR2));
    // A second signal is an operator who will not wait.
    co_await signals_.async_wait(asio::use_awaitable);
    log::warn("second signal: leaving at once");
    exit_code_ = 1;
    io_.stop();
    co_return;
  }
}

asio::awaitable<void> App::stop(bool leave_running) {
  milliseconds limit = kStopMargin;
  for (const auto& router : config_.routers) {
    const auto* haproxy = std::get_if<HaproxyRouterConfig>(&router.kind);
    if (haproxy && !leave_running) limit += haproxy->shutdown_timeout;
  }
  give_up_after(limit);
  for (auto& unit : units_) unit->stop_watching();
  tasks_.cancel();
  co_await tasks_.wait();
  for (auto& unit : units_) co_await unit->router().stop(leave_running);
  co_await sessions_.close();
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
