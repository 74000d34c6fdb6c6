#include "synapse/haproxy/observed.h"

#include <algorithm>
#include <utility>

namespace synapse::haproxy {

namespace {

ByHand present_hold(const ObservedServer& server) {
  if (server.forced_maintenance) return ByHand::maintenance;
  // An agent may drain its server.
  return server.forced_drain && !server.agent_enabled ? ByHand::drain : ByHand::nothing;
}

// By whom a state was changed is told by what we know of it: every command of ours was acknowledged, or is noted.
ByHand newly_by_hand(const ObservedServer& known, const ObservedServer& fresh) {
  if (known.unanswered > 0) return ByHand::nothing;
  if (known.forced_maintenance == fresh.forced_maintenance && known.forced_drain == fresh.forced_drain) {
    return ByHand::nothing;
  }
  return present_hold(fresh);
}

// Freshly loaded from a line that keeps the server drained by weight 0, because a file has no word for drain.
bool kept_drained_by_weight(const ObservedServer& server) {
  return !server.forced_drain && !server.forced_maintenance && server.weight == 0 && server.initial_weight == 0;
}

bool drained_by_file(const ServerSpec& spec, const ObservedServer& server) {
  return (spec.standing == Standing::draining || spec.standing == Standing::held_in_drain) &&
         kept_drained_by_weight(server);
}

// A server that HAProxy shows without address and port may be one on a unix socket.
void take_socket(std::string_view address, ObservedServer& server) {
  if (server.address.empty() && server.port == 0 && is_socket(address)) server.address = std::string(address);
}

}  // namespace

const ObservedServer* ObservedBackend::find(std::string_view server) const {
  // From the back: a server that is being added is asked for again and again.
  auto found = std::find_if(servers.rbegin(), servers.rend(), [&](const auto& s) { return s.name == server; });
  return found == servers.rend() ? nullptr : &*found;
}

ObservedServer* ObservedBackend::find(std::string_view server) {
  return const_cast<ObservedServer*>(std::as_const(*this).find(server));
}

void carry_over(const ObservedBackend& previous, ObservedBackend& fresh) {
  const auto before = by_name(previous);
  for (auto& server : fresh.servers) {
    const auto found = before.find(server.name);
    if (found == before.end()) continue;
    const auto* known = found->second;
    server.options = known->options;
    take_socket(known->address, server);
    server.removal_refused = known->removal_refused;
    const bool serves = !server.forced_maintenance && !server.forced_drain;
    server.unverified = known->unverified && !serves;
    server.weight_to_restore = known->weight_to_restore;
    // Loaded as drained, and not yet told so at run time.
    const bool drained = kept_drained_by_weight(*known) && kept_drained_by_weight(server);
    if (known->by_hand == ByHand::nothing) {
      server.by_hand = newly_by_hand(*known, server);
    } else {
      server.by_hand = drained ? ByHand::drain : present_hold(server);
    }
    if (known->draining && (server.forced_drain || drained) && server.by_hand == ByHand::nothing) {
      server.draining = true;
      server.drains_until = known->drains_until;
    }
    if (server.by_hand != ByHand::nothing) server.unverified = false;
  }
  fresh.refused = previous.refused;
}

void adopt(const std::vector<ServerSpec>& loaded, bool current, ObservedBackend& fresh) {
  std::unordered_map<std::string_view, ObservedServer*> servers;
  for (auto& server : fresh.servers) servers.emplace(server.name, &server);
  for (const auto& spec : loaded) {
    const auto found = servers.find(spec.name);
    if (found == servers.end()) continue;
    auto* server = found->second;
    server->options = normalised(spec).options;
    take_socket(spec.address, *server);
    switch (spec.standing) {
      case Standing::plain:
        if (current && spec.enabled) server->by_hand = present_hold(*server);
        break;
      case Standing::unverified:
        server->unverified = server->forced_maintenance || server->forced_drain;
        break;
      case Standing::draining:
        server->draining = server->forced_drain || drained_by_file(spec, *server);
        break;
      case Standing::held_in_maintenance:
        server->by_hand = present_hold(*server);
        break;
      case Standing::held_in_drain:
        server->by_hand = drained_by_file(spec, *server) ? ByHand::drain : present_hold(*server);
        break;
    }
    if (drained_by_file(spec, *server)) server->weight_to_restore = spec.weight;
  }
}

void carry_times(const ObservedBackend& previous, ObservedBackend& fresh) {
  for (auto& server : fresh.servers) {
    if (!server.draining) continue;
    if (const auto* known = previous.find(server.name)) server.drains_until = known->drains_until;
  }
}

void carry_holds(const ObservedBackend& previous, ObservedBackend& fresh) {
  const auto before = by_name(previous);
  for (auto& server : fresh.servers) {
    const auto known = before.find(server.name);
    if (known == before.end() || known->second->by_hand == ByHand::nothing) continue;
    if (server.by_hand != ByHand::nothing || present_hold(server) == ByHand::nothing) continue;
    server.by_hand = present_hold(server);
    server.unverified = false;
    server.draining = false;
  }
}

ObservedBackend expected_of(const std::string& backend, const std::vector<ServerSpec>& loaded) {
  ObservedBackend expected;
  expected.name = backend;
  for (const auto& spec : loaded) {
    if (!spec.enabled && spec.standing == Standing::plain) continue;
    ObservedServer server;
    server.name = spec.name;
    server.address = spec.address;
    server.port = spec.port;
    server.weight = server.initial_weight = spec.weight;
    server.forced_maintenance = spec.standing == Standing::unverified || spec.standing == Standing::held_in_maintenance;
    server.forced_drain = spec.standing == Standing::draining || spec.standing == Standing::held_in_drain;
    expected.servers.push_back(std::move(server));
  }
  adopt(loaded, true, expected);
  return expected;
}

bool differs(ObservedBackend& previous, const ObservedBackend& fresh) {
  if (previous.refused != fresh.refused || previous.servers.size() != fresh.servers.size()) return true;
  for (std::size_t i = 0; i < fresh.servers.size(); ++i) {
    auto& before = previous.servers[i];
    const auto& now = fresh.servers[i];
    before.seconds_since_change = now.seconds_since_change;
    if (!now.unverified) before.check_health = now.check_health;
    if (before != now) return true;
  }
  return false;
}

std::unordered_map<std::string_view, const ObservedServer*> by_name(const ObservedBackend& backend) {
  std::unordered_map<std::string_view, const ObservedServer*> servers;
  servers.reserve(backend.servers.size());
  for (const auto& server : backend.servers) servers.emplace(server.name, &server);
  return servers;
}

}  // namespace synapse::haproxy
