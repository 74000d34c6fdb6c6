// What the admin API says, as JSON: one line of text each, with go-nerve's fields first. Pure.
#pragma once

#include <string>
#include <vector>

#include "nerve/liveness.h"
#include "nerve/service.h"

namespace nerve {

[[nodiscard]] std::string json_of(const ServiceStatus& status);
[[nodiscard]] std::string json_of(const std::vector<ServiceStatus>& statuses);
[[nodiscard]] std::string json_of(const Liveness::Findings& findings);
[[nodiscard]] std::string json_of_version(const std::string& version);

}  // namespace nerve
