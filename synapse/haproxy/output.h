// What HAProxy has of a service, in the words that all routers share. Pure.
#pragma once

#include <vector>

#include "synapse/haproxy/observed.h"
#include "synapse/haproxy/server.h"
#include "synapse/haproxy/traits.h"
#include "synapse/status/output_state.h"

namespace synapse::haproxy {

// `wanted`: those that have a place in HAProxy, see usable_servers(). `observed` may be null: HAProxy does not know the
// backend. Servers that the operator's own lines declare are nobody's business here.
[[nodiscard]] OutputState output_of(const std::vector<ServerSpec>& wanted, const DeclaredServers& declared,
                                    const ObservedBackend* observed);

// Of a file that nobody was seen to load: when HAProxy cannot be asked.
[[nodiscard]] std::vector<OutputServer> output_servers(const std::vector<ServerSpec>& servers);

}  // namespace synapse::haproxy
