// Everything of HAProxy's configuration but the servers: the operator's lines, and sensible ones where there are none,
// so that the smallest useful service is a watcher and a port. Pure.
#pragma once

#include "synapse/config.h"
#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

// `router.kind` is a HaproxyRouterConfig. The backends stand in the order of the services, without servers.
[[nodiscard]] ConfigSpec skeleton_of(const RouterConfig& router);

}  // namespace synapse::haproxy
