// Keys about the admin API that both configurations have. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/config/reader.h"

namespace common {

// `apiAllowedHosts`: host names, domains as ".example.org", or "*". Errors are recorded by the reader.
[[nodiscard]] std::vector<std::string> read_allowed_hosts(ObjectReader& root);

}  // namespace common
