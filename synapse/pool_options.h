// What a service's configuration asks of its pool. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "synapse/config.h"
#include "synapse/pool/pool.h"

namespace synapse {

[[nodiscard]] PoolOptions pool_options(const ServiceConfig& config, const std::string& router_type, std::uint64_t seed);

}  // namespace synapse
