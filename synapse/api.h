// synapse's admin API: which path answers what. Everything is read-only, so that nobody needs a token.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/http/routes.h"
#include "common/telemetry/event_log.h"
#include "synapse/status/service_status.h"
#include "synapse/status/status_json.h"

namespace synapse {

// What the API reads of the program. Must outlive the routes.
struct ApiSources {
  std::function<std::vector<MissingService>()> missing;  // the services that were never routed
  // The services of that name, one for each router that has it; all when it is empty.
  std::function<std::vector<ServiceStatus>(const std::string& name)> services;
  std::function<Health()> health;
  std::function<std::string()> metrics;  // Prometheus' text format
  std::function<std::string()> config;   // what runs, as JSON, with secrets masked; none: there is no such route
  const common::EventLog& events;
  WallTime started;
};

[[nodiscard]] common::http::Routes api_routes(const ApiSources& sources);

// What `-V` and /version print.
[[nodiscard]] std::string version();

}  // namespace synapse
