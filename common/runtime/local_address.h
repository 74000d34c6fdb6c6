// The addresses of this machine, for a service that does not know its own.
#pragma once

#include <string>

#include "common/result.h"

namespace common {

// The address of the interface over which packets leave towards the world, by the routing table; nothing is sent. IPv4
// before IPv6. The error says that there is no route.
[[nodiscard]] Result<std::string> outward_address();

// The first address of an interface: IPv4 before IPv6, link-local ones left out. The error lists the interfaces.
[[nodiscard]] Result<std::string> address_of_interface(const std::string& name);

}  // namespace common
