// For tests: a service with its records and servers in a few words.
#pragma once

#include <string>
#include <vector>

#include "synapse/status/history.h"

namespace synapse {

inline RoutedServer routed_server(const std::string& name, int weight = 5) {
  RoutedServer server;
  server.name = server.registered_name = name;
  server.child = name + "_node";
  server.host = "10.0.0.1";
  server.port = 80;
  server.weight = weight;
  server.available = weight > 0;
  return server;
}

inline RoutedServer unavailable_server(const std::string& name, const std::string& reason) {
  auto server = routed_server(name);
  server.available = false;
  server.unavailable_reason = reason;
  return server;
}

// One record for each child; what it says does not matter here.
inline std::vector<Record> records_of(const std::vector<std::string>& names) {
  std::vector<Record> records;
  for (const auto& name : names) {
    records.push_back({.child = name + "_node", .registration = common::Registration{}});
  }
  return records;
}

inline WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'769'860'800 + seconds));  // 2026-01-31T12:00:00Z
}

}  // namespace synapse
