#include "synapse/oneshot.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/algorithm/string/join.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/telemetry/log.h"
#include "synapse/config_difference.h"
#include "synapse/host_seed.h"
#include "synapse/routers.h"

namespace synapse {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kLookInterval{10};
// For the routers to write what an earlier run kept.
constexpr seconds kWritesWithin{5};

}  // namespace

Oneshot::Oneshot(const Config& config, milliseconds timeout)
    : config_(config),
      timeout_(timeout),
      signals_(io_, SIGINT, SIGTERM),
      saved_(io_, config.state_path, events_, SavedRecords::Access::read) {}

int Oneshot::run() {
  std::signal(SIGPIPE, SIG_IGN);
  if (!make_units()) return 1;
  signals_.async_wait([this](const boost::system::error_code& stopped, int) { interrupted_ = !stopped; });
  tasks_.spawn("oneshot", work());
  io_.run();
  const bool stuck = sessions_.busy() || name_servers_.busy() ||
                     std::any_of(units_.begin(), units_.end(), [](const auto& unit) { return unit->busy(); });
  if (stuck) std::_Exit(exit_code_);  // a thread in a call that nobody can interrupt
  return exit_code_;
}

bool Oneshot::make_units() {
  const auto seed = host_seed();
  const auto places = places_of(config_.routers);
  for (std::size_t i = 0; i < config_.routers.size(); ++i) {
    auto router = make_router(config_.routers[i], {.io = io_, .events = events_, .seed = seed, .once = true});
    if (!router) {
      log::error("{}", router.error().message);
      return false;
    }
    units_.push_back(std::make_unique<Unit>(Unit::Shared{io_, sessions_, name_servers_, events_, saved_, seed},
                                            places[i], config_.routers[i], *std::move(router)));
  }
  return true;
}

asio::awaitable<void> Oneshot::work() {
  for (auto& unit : units_) unit->start(Unit::Kept::leave);
  co_await wait(timeout_);
  if (const auto late = unread(); !late.empty() && !interrupted_) {
    log::warn("not read within {} ms: {}; taking what an earlier run kept, where it did", timeout_.count(),
              boost::algorithm::join(late, ", "));
    for (auto& unit : units_) unit->restore_unknown();
    co_await wait(kWritesWithin);
  }
  const auto lost = missing();
  if (lost.empty()) {
    exit_code_ = 0;
  } else {
    log::error("not routed: {}", boost::algorithm::join(lost, ", "));
    if (unread().empty()) log::error("all of them were read; what could not be written is told above");
  }
  for (auto& unit : units_) co_await unit->stop(true);
  co_await sessions_.close();
  io_.stop();
}

// Until nothing is missing.
asio::awaitable<void> Oneshot::wait(milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  asio::steady_timer pause(co_await asio::this_coro::executor);
  while (!missing().empty() && !interrupted_ && std::chrono::steady_clock::now() < deadline) {
    pause.expires_after(kLookInterval);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

std::vector<std::string> Oneshot::missing() const {
  std::vector<std::string> names;
  for (const auto& unit : units_) {
    for (auto& service : unit->missing()) names.push_back(std::move(service.service));
  }
  return names;
}

std::vector<std::string> Oneshot::unread() const {
  std::vector<std::string> names;
  for (const auto& unit : units_) {
    for (auto& service : unit->missing()) {
      if (!service.read) names.push_back(std::move(service.service));
    }
  }
  return names;
}

}  // namespace synapse
