// What the admin API says of services, as JSON: one line of text each. Pure.
#pragma once

#include <string>
#include <vector>

#include "synapse/status/service_status.h"

namespace synapse {

// A service that was never routed.
struct MissingService {
  std::string service;
  std::string router;
  std::string why;
  bool read = false;  // its source has spoken: it is the output that does not have it
};

// /services; without the servers a summary only.
[[nodiscard]] std::string json_of(const std::vector<ServiceStatus>& services, bool with_servers);
// /services/:name
[[nodiscard]] std::string json_of(const ServiceStatus& service);
// /diff: services with a difference, and those of which it is not known
[[nodiscard]] std::string differences_json(const std::vector<ServiceStatus>& services);
// /explain: one for each router that has the service
struct Explained {
  ServicePlace place;
  Explanation explanation;
};
[[nodiscard]] std::string json_of(const std::vector<Explained>& explained);
// /ready, for who asks for JSON
[[nodiscard]] std::string readiness_json(const std::vector<MissingService>& missing);
// /health
struct Health {
  std::vector<std::string> problems;  // none: it works
  double loop_late_ms = 0;
  double loop_worst_late_ms = 0;
};
[[nodiscard]] std::string json_of(const Health& health);

}  // namespace synapse
