// What makes "random" the same at every start of this host, and another one on other hosts: not all shall prefer the
// same server.
#pragma once

#include <cstdint>

namespace synapse {

[[nodiscard]] std::uint64_t host_seed();

}  // namespace synapse
