// synapse's admin API: which path answers what.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/http/routes.h"

namespace synapse {

// What the API reads of the program.
struct ApiSources {
  std::function<std::vector<std::string>()> not_ready;  // names of the services that were never routed
  std::function<std::string()> metrics;                 // Prometheus' text format
};

[[nodiscard]] common::http::Routes api_routes(ApiSources sources);

// What `-V` and /version print.
[[nodiscard]] std::string version();

}  // namespace synapse
