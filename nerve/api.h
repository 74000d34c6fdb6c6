// nerve's admin API, as go-nerve has it. The routes call the services; HTTP itself is common/http's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/routes.h"
#include "nerve/service.h"

namespace nerve {

using Services = std::vector<std::unique_ptr<Service>>;

// The services must outlive the routes. `metrics` gives the exposition text.
[[nodiscard]] common::http::Routes make_api(Services& services, std::string version,
                                            std::function<std::string()> metrics);

}  // namespace nerve
