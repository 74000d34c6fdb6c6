// The part of the app that goes from one configuration to the next: has the new one proven by those who would have to
// run with it, and then changes what is different.
#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/algorithm/string/join.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include "common/telemetry/log.h"
#include "synapse/app.h"
#include "synapse/config_difference.h"

namespace synapse {

namespace asio = boost::asio;
namespace log = common::log;

namespace {

// Of the keys that only count at the start.
void warn_of_fixed_keys(const Config& at_start, const Config& wanted) {
  std::vector<std::string> keys;
  if (wanted.api_host != at_start.api_host) keys.emplace_back("apiHost");
  if (wanted.api_port != at_start.api_port) keys.emplace_back("apiPort");
  if (wanted.api_socket != at_start.api_socket) keys.emplace_back("apiSocket");
  if (wanted.core_dumps != at_start.core_dumps) keys.emplace_back("coreDumps");
  // Its default follows the port.
  if (wanted.state_path != at_start.state_path && wanted.api_port == at_start.api_port) keys.emplace_back("statePath");
  if (keys.empty()) return;
  log::warn("a restart is needed for the new {}: synapse keeps the old until then", boost::algorithm::join(keys, ", "));
}

void append(common::ConfigDifference more, common::ConfigDifference& difference) {
  const auto move = [](std::vector<std::string>& from, std::vector<std::string>& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  };
  move(more.added, difference.added);
  move(more.changed, difference.changed);
  move(more.removed, difference.removed);
  difference.unchanged += more.unchanged;
}

}  // namespace

void App::prove(std::function<void(common::Result<void>)> done) {
  control_.spawn("proof of a configuration", prove_units(std::move(done)));
}

// The units and what was read stay as they are until the answer is given.
asio::awaitable<void> App::prove_units(std::function<void(common::Result<void>)> done) {
  const auto& routers = loaded_.config->routers;
  const auto places = places_of(routers);
  for (std::size_t i = 0; i < routers.size(); ++i) {
    auto* running = find_unit(places[i]);
    if (running == nullptr) {  // nothing of it runs that could suffer
      co_await former_ended(routers[i]);
      continue;
    }
    const auto proven = co_await running->prove(routers[i]);
    if (proven) continue;
    done(common::fail("routers[" + std::to_string(i) + "]: " + proven.error().message));
    co_return;
  }
  done(common::Result<void>());
}

// The files are again what runs.
void App::withdraw() {
  for (auto& unit : units_) unit->forget_refused();
}

// A router that was removed keeps its file, its directory and its HAProxy until it has ended. What comes back to them
// waits for that.
asio::awaitable<void> App::former_ended(const RouterConfig& config) {
  const auto in_the_way = [&](const auto& unit) { return takes_the_same(unit->config(), config); };
  if (const auto former = std::find_if(retiring_.begin(), retiring_.end(), in_the_way); former != retiring_.end()) {
    log::info(
        "{}: the router that was removed has not ended yet; the new configuration waits for that. Connections "
        "have {} ms (its shutdownTimeoutInMilli)",
        place_of(config), (*former)->shutdown_timeout().count());
  }
  while (std::any_of(retiring_.begin(), retiring_.end(), in_the_way)) co_await one_retired();
}

asio::awaitable<void> App::one_retired() {
  boost::system::error_code ignored;
  co_await retired_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// All or nothing: what could fail comes before the first change.
common::Result<common::ConfigDifference> App::apply() {
  const auto parsed = std::exchange(loaded_, {});
  const auto& routers = parsed.config->routers;
  const auto places = places_of(routers);
  std::map<std::string, std::unique_ptr<Unit>> added;
  for (std::size_t i = 0; i < routers.size(); ++i) {
    const auto* running = find_unit(places[i]);
    if (running != nullptr) {
      const auto fixed = fixed_keys_changed(running->config(), routers[i]);
      if (fixed.empty()) continue;
      return common::fail(
          fmt::format("routers[{}]: a restart is needed for the new {}; SIGUSR2 ends synapse and leaves HAProxy "
                      "running for the next one",
                      i, boost::algorithm::join(fixed, ", ")));
    }
    auto unit = make_unit(routers[i], places[i]);
    if (!unit) return common::fail("routers[" + std::to_string(i) + "]: " + unit.error().message);
    added.emplace(places[i], *std::move(unit));
  }
  guard_.allow(parsed.config->api_allowed_hosts);
  log::set_level(log_level_.empty() ? parsed.config->log_level : log_level_);
  warn_of_fixed_keys(at_start_, *parsed.config);
  begin(parsed);
  return go_to(places, std::move(added));
}

// From the units that run to those of the configuration, in its order.
common::ConfigDifference App::go_to(const std::vector<std::string>& places,
                                    std::map<std::string, std::unique_ptr<Unit>> added) {
  common::ConfigDifference difference;
  auto before = std::exchange(units_, {});
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (const auto fresh = added.find(places[i]); fresh != added.end()) {
      for (const auto& service : config_.routers[i].services) difference.added.push_back(service.name);
      fresh->second->start();
      units_.push_back(std::move(fresh->second));
      continue;
    }
    const auto running = std::find_if(before.begin(), before.end(),
                                      [&](const auto& unit) { return unit && unit->place() == places[i]; });
    append((*running)->reconfigure(config_.routers[i]), difference);
    units_.push_back(std::move(*running));
  }
  for (auto& unit : before) {
    if (!unit) continue;
    for (const auto& service : unit->config().services) difference.removed.push_back(service.name);
    unit->forget();
    retiring_.push_back(std::move(unit));
    control_.spawn("end of a router", retire(*retiring_.back()));
  }
  sessions_.close_unused();
  forget_unwanted();
  return difference;
}

// HAProxy, if it is ours, ends after its connections.
asio::awaitable<void> App::retire(Unit& unit) {
  co_await unit.stop(false);
  std::erase_if(retiring_, [&](const auto& each) { return each.get() == &unit; });
  retired_.cancel();
}

}  // namespace synapse
