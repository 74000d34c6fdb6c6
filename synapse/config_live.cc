#include <string_view>
#include <utility>

#include "synapse/config_parts.h"
#include "synapse/haproxy/traits.h"
#include "synapse/haproxy/words.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

constexpr std::string_view kAdmission = "admission";
constexpr std::string_view kDrain = "drainInMilli";
constexpr std::string_view kHold = "holdBelowPercent";
constexpr std::string_view kHoldWindow = "holdWindowInMilli";

// Whether every server of the service is checked. A record's options may bring a check to one server; they are not
// known here.
bool is_checked(const ServiceConfig& service, const HaproxyRouterConfig& router) {
  const auto traits = haproxy::traits_of(router.defaults, service.backend_lines, {});
  haproxy::ServerSpec server;
  // As a template: what its forms become is the argument of some keyword.
  if (auto words = haproxy::split_words(service.server_options)) server.options = std::move(*words);
  return haproxy::has_check(server, traits);
}

void warn_at(const Reader& service, std::string_view key, const std::string& message) {
  if (const auto value = ObjectReader(service).find(key)) value->warn(message);
}

}  // namespace

void read_live_keys(ObjectReader& object, ServiceConfig& service) {
  service.verified = object.one_of(kAdmission, "immediate", {"immediate", "verified"}) == "verified";
  service.drain = object.milliseconds(kDrain, service.drain, 0);
  service.hold_below_percent = static_cast<int>(object.integer(kHold, service.hold_below_percent, {0, 99}));
  service.hold_window = object.milliseconds(kHoldWindow, service.hold_window);
  if (service.hold_below_percent == 0 && object.has(kHoldWindow)) {
    object.find(kHoldWindow)->warn("has no effect without holdBelowPercent");
  }
}

void ignore_live_keys(ObjectReader& object) {
  for (const auto key : {kAdmission, kDrain, kHold, kHoldWindow}) object.ignore(key);
}

void read_live_keys(ObjectReader& object, HaproxyRouterConfig& config) {
  config.respect_manual_maintenance = object.boolean("respectManualMaintenance", config.respect_manual_maintenance);
  config.max_tombstones = static_cast<int>(object.integer("maxTombstones", config.max_tombstones, {0, 100'000}));
  config.tombstone_quiet = object.milliseconds("tombstoneQuietInMilli", config.tombstone_quiet, 0);
}

void check_live_keys(const RouterConfig& router, const std::vector<Reader>& services) {
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.kind);
  for (std::size_t i = 0; i < router.services.size(); ++i) {
    const auto& service = router.services[i];
    if ((!service.verified && service.hold_below_percent == 0) || is_checked(service, haproxy)) continue;
    if (service.verified) {
      warn_at(services[i], kAdmission,
              "HAProxy does not check these servers, so they are admitted at once; add \"check\" to serverOptions");
    }
    if (service.hold_below_percent != 0) {
      warn_at(services[i], kHold,
              "HAProxy does not check these servers, so nobody can tell that they live and none is held; add \"check\" "
              "to serverOptions");
    }
  }
}

}  // namespace synapse
