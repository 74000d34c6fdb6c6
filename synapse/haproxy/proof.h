// The file by which HAProxy is asked whether it would take a new configuration, before anything goes by it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "synapse/config.h"
#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

// What a service has that goes on in the new configuration.
struct KnownService {
  std::vector<ServerSpec> servers;
  bool ever_available = false;  // declared, whatever declareEmpty says
  bool same = false;            // its servers get the same words as before
};

// The operator's lines of the new configuration, with the servers that are known: other lines may name them. Where
// nobody has the service's words for servers yet, a stand-in does, unless they depend on a server's labels.
// `known`: by service; `seed` as in expand_server_options().
[[nodiscard]] std::string text_to_prove(const RouterConfig& router, const std::map<std::string, KnownService>& known,
                                        std::uint64_t seed);

}  // namespace synapse::haproxy
