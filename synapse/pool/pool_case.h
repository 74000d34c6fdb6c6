// Records and pools for the tests of this room. Only they include this.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

inline Record record(const std::string& name, const std::string& host, int port, std::int64_t created_ms = 1000) {
  common::Registration registration;
  registration.name = name;
  registration.host = host;
  registration.port = port;
  return {name + "_" + host + "_" + std::to_string(port) + "_" + std::to_string(created_ms), registration, created_ms,
          created_ms};
}

inline Record unavailable(Record record) {
  record.registration->available = false;
  return record;
}

inline Record weighted(Record record, int weight) {
  record.registration->weight = weight;
  return record;
}

inline Record with_options(Record record, const std::string& options) {
  record.registration->haproxy_server_options = options;
  return record;
}

inline Record bad(const std::string& child, const std::string& why) {
  return {child, common::fail(why), 0, 0};
}

inline Pool pool_in_order(PoolOrder order, std::uint64_t seed = 1) {
  PoolOptions options;
  options.order = order;
  options.seed = seed;
  return Pool(options);
}

// "name@host:port weight" of each server, "!" in front of the unavailable ones.
inline std::vector<std::string> shown(const Routed& routed) {
  std::vector<std::string> lines;
  for (const auto& server : routed.servers) {
    lines.push_back((server.available ? "" : "!") + server.name + "@" + server.host + ":" +
                    std::to_string(server.port) + " " + std::to_string(server.weight));
  }
  return lines;
}

inline std::vector<std::string> names(const Routed& routed) {
  std::vector<std::string> result;
  for (const auto& server : routed.servers) result.push_back(server.name);
  return result;
}

}  // namespace synapse
