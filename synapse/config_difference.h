// What a new configuration means for the routers that run: which goes on as which, and what cannot change. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/config/config_difference.h"
#include "synapse/config.h"

namespace synapse {

// Where a router writes, which is what makes it the same router in another configuration.
[[nodiscard]] std::string place_of(const RouterConfig& router);
// Of several without a place of their own (console) the first is the first.
[[nodiscard]] std::vector<std::string> places_of(const std::vector<RouterConfig>& routers);

// Whether the two cannot work at the same time: they write in one place, or have one HAProxy, or its directory.
[[nodiscard]] bool takes_the_same(const RouterConfig& one, const RouterConfig& other);

// The keys of a router that only count at its start and differ; the two are in one place.
[[nodiscard]] std::vector<std::string> fixed_keys_changed(const RouterConfig& running, const RouterConfig& fresh);

// An id is no difference: it follows from the order of the services.
[[nodiscard]] bool same_service(const ServiceConfig& one, const ServiceConfig& other);
[[nodiscard]] common::ConfigDifference difference(const std::vector<ServiceConfig>& running,
                                                  const std::vector<ServiceConfig>& fresh);

}  // namespace synapse
