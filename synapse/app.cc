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
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/routers.h"
#include "synapse/watch/zookeeper_watcher.h"

namespace synapse {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Beyond what HAProxy's connections may take: closing sessions, ending processes.
constexpr seconds kStopMargin{10};
constexpr seconds kSessionsCloseWithin{5};

// The same at every start of this host, and another one on other hosts: not all shall prefer the same server.
std::uint64_t host_seed() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::hash<std::string_view>()(name.data());
}

PoolOrder order_of(ServerSort sort) {
  switch (sort) {
    case ServerSort::random:
      return PoolOrder::random;
    case ServerSort::name:
      return PoolOrder::name;
    case ServerSort::date:
      return PoolOrder::date;
  }
  return PoolOrder::random;
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

App::App(Config config) : config_(std::move(config)), signals_(io_), deadline_(io_) {}

App::~App() = default;

int App::run() {
  std::signal(SIGPIPE, SIG_IGN);
  if (!make_units() || !listen()) return 1;
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGHUP}) signals_.add(number);
  for (auto& unit : units_) tasks_.spawn("router", unit->router->run());
  control_.spawn("signals", wait_for_signal());
  io_.run();
  const bool stuck = blocking_.busy() ||
                     std::any_of(units_.begin(), units_.end(), [](const auto& unit) { return unit->router->busy(); });
  if (stuck) {
    log::warn("a name server or ZooKeeper does not answer; ending without it");
    std::_Exit(exit_code_);
  }
  return exit_code_;
}

bool App::make_units() {
  const auto seed = host_seed();
  for (const auto& router : config_.routers) {
    auto unit = std::make_unique<Unit>();
    if (const auto* haproxy = std::get_if<HaproxyRouterConfig>(&router.kind)) {
      if (haproxy->runs_haproxy() && !claim_directory(haproxy->runtime_dir)) return false;
    }
    unit->router = make_router(router, {.io = io_, .events = events_, .seed = seed});
    for (const auto& service : router.services) {
      unit->services.push_back({service, Pool({.order = order_of(service.sort), .seed = seed}), nullptr, false});
    }
    for (std::size_t i = 0; i < unit->services.size(); ++i) {
      auto& service = unit->services[i];
      service.watcher = std::make_unique<ZookeeperWatcher>(
          io_, session_for(service.config.watcher), service.config.watcher.path,
          WatcherEvents{
              .on_snapshot = [this, &target = *unit,
                              i](const std::vector<Record>& records) { take_snapshot(target, i, records); },
              .on_failed = [this, name = service.config.name](
                               const std::string& error) { events_.watcher_failed(name, "zookeeper", error); }});
    }
    units_.push_back(std::move(unit));
  }
  return true;
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

common::zookeeper::Session& App::session_for(const ZookeeperWatcherConfig& watcher) {
  const auto hosts = common::zookeeper::join_hosts(watcher.hosts);
  auto& session = sessions_[hosts];
  if (!session) {
    session = std::make_unique<common::zookeeper::Session>(
        io_, blocking_, common::zookeeper::SessionOptions{.hosts = hosts, .timeout = watcher.timeout});
  }
  return *session;
}

void App::take_snapshot(Unit& unit, std::size_t index, const std::vector<Record>& records) {
  auto& service = unit.services[index];
  service.known = true;
  service.pool.update(records);
  const auto& routed = service.pool.routed();
  events_.servers_found(service.config.name, routed.available, routed.unavailable);
  if (routed.kept) events_.servers_kept(service.config.name);
  for (const auto& server : routed.servers) events_.record_accepted(service.config.name, server.child);
  for (const auto& out : routed.left_out) {
    if (out.because != LeftOutBecause::correlated) events_.record_left_out(service.config.name, out.child, out.reason);
  }
  route(unit, index);
  correlate(unit, service);
}

// Services that leave out the first server of the changed one are routed again when that is another one now.
void App::correlate(Unit& unit, const Service& changed) {
  for (std::size_t i = 0; i < unit.services.size(); ++i) {
    auto& service = unit.services[i];
    if (!service.config.correlation || service.config.correlation->other_service != changed.config.name) continue;
    service.pool.exclude(changed.pool.first());
    if (service.known) route(unit, i);
  }
}

void App::route(Unit& unit, std::size_t index) {
  unit.router->update(index, unit.services[index].pool.routed());
}

std::vector<std::string> App::not_ready() const {
  std::vector<std::string> names;
  for (const auto& unit : units_) {
    for (std::size_t i = 0; i < unit->services.size(); ++i) {
      if (!unit->router->routed(i)) names.push_back(unit->services[i].config.name);
    }
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
  for (auto& unit : units_) {
    for (auto& service : unit->services) service.watcher.reset();
  }
  tasks_.cancel();
  co_await tasks_.wait();
  for (auto& unit : units_) co_await unit->router->stop(leave_running);
  co_await close_sessions();
  api_.reset();
  log::info("stopped");
  io_.stop();
}

asio::awaitable<void> App::close_sessions() {
  const auto closed = std::make_shared<asio::steady_timer>(io_, kSessionsCloseWithin);
  auto open = std::make_shared<std::size_t>(sessions_.size());
  for (auto& [hosts, session] : sessions_) {
    session->close([open, closed] {
      if (--*open == 0) closed->cancel();
    });
  }
  boost::system::error_code ignored;
  if (*open != 0) co_await closed->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
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
