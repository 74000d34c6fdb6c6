#include "synapse/haproxy/output.h"

#include <algorithm>

namespace synapse::haproxy {

namespace {

OutputServer output_server(const ServerSpec& server) {
  return {.name = server.name,
          .address = server.address,
          .port = server.port,
          .weight = server.weight,
          .mode = server.enabled ? OutputMode::ready : OutputMode::maintenance};
}

void judge(const ObservedServer& server, OutputServer& output) {
  if (server.address.empty()) {
    output.mode = OutputMode::unusable;
  } else if (server.forced_maintenance) {
    output.mode = OutputMode::maintenance;
  } else if (server.inherited_maintenance) {
    output.mode = OutputMode::maintenance;
    output.note = "by HAProxy itself: a server that it tracks, or a name that does not resolve";
  } else if (server.forced_drain) {
    output.mode = OutputMode::draining;
    if (server.agent_enabled) output.note = "by its agent";
  } else if (!server.up) {
    output.mode = OutputMode::down;
  }
}

// Why it is out of service, where that is not the registry's doing.
void explain(const ObservedServer& server, OutputServer& output) {
  if (server.by_hand != ByHand::nothing) output.note = "by hand";
  if (server.unverified) output.note = server.check_failed ? "its first check fails" : "waits for its first check";
  if (server.draining) output.note = "on its way out";
}

// With HAProxy's own spelling of an address that is the wanted one the two would seem different.
OutputServer output_server(const ObservedServer& server, const ServerSpec* wanted) {
  OutputServer output{.name = server.name, .address = server.address, .port = server.port, .weight = server.weight};
  if (wanted != nullptr && same_address(wanted->address, server.address)) output.address = wanted->address;
  // As plan() sees it.
  output.weight_moves = wanted != nullptr && server.agent_enabled && server.initial_weight == wanted->weight;
  judge(server, output);
  explain(server, output);
  return output;
}

}  // namespace

std::vector<OutputServer> output_servers(const std::vector<ServerSpec>& servers) {
  std::vector<OutputServer> output;
  for (const auto& server : servers) output.push_back(output_server(server));
  return output;
}

OutputState output_of(const std::vector<ServerSpec>& wanted, const DeclaredServers& declared,
                      const ObservedBackend* observed) {
  OutputState output;
  output.wanted = output_servers(wanted);
  if (observed == nullptr) return output;
  std::map<std::string_view, const ServerSpec*> by_name;
  for (const auto& server : wanted) by_name.emplace(server.name, &server);
  for (const auto& server : observed->servers) {
    if (declared.contains(server.name)) continue;
    const auto found = by_name.find(server.name);
    output.present.push_back(output_server(server, found == by_name.end() ? nullptr : found->second));
  }
  for (const auto& name : observed->refused) output.problems[name] = "HAProxy refused to add it; a reload brings it in";
  return output;
}

}  // namespace synapse::haproxy
