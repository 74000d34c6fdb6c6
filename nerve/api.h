// nerve's admin API, as go-nerve has it, and more. The routes call the services; HTTP itself is common/http's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/access.h"
#include "common/http/routes.h"
#include "common/result.h"
#include "common/telemetry/event_log.h"
#include "nerve/service.h"

namespace nerve {

class Liveness;

// What the API shows besides the services. Must outlive the routes.
struct ApiContext {
  std::string version;
  std::function<std::string()> metrics;  // the exposition text
  std::function<std::string()> config;   // what runs, as JSON, with secrets masked; none: there is no such route
  const common::EventLog& events;
  const Liveness& liveness;
  common::http::Access& access;  // guards the routes that change something
};

// The services must outlive the routes.
[[nodiscard]] common::http::Routes make_api(Services& services, const ApiContext& context);

// Makes the configured token and rules hold from now on. An error (the token file) leaves all as it was.
[[nodiscard]] common::Result<void> set_access(common::http::Access& access, const Config& config);

}  // namespace nerve
