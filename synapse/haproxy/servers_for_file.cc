#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "synapse/haproxy/plan.h"

namespace synapse::haproxy {

namespace {

ServerSpec as_disabled(const ObservedServer& server) {
  ServerSpec spec;
  spec.name = server.name;
  spec.address = server.address;
  spec.port = server.port;
  spec.weight = server.weight_to_restore.value_or(server.weight);
  spec.enabled = false;
  spec.options = server.options.value_or(std::vector<std::string>());
  return spec;
}

bool serves(const ObservedServer& server) {
  return !server.forced_maintenance && !server.forced_drain;
}

bool takes_connections(const ServerSpec& server) {
  return server.enabled && server.weight > 0 && server.standing == Standing::plain;
}

Standing held_standing(const ObservedServer& server, const ServerPolicy& policy) {
  if (!policy.respect_manual || server.by_hand == ByHand::nothing) return Standing::plain;
  return server.by_hand == ByHand::drain ? Standing::held_in_drain : Standing::held_in_maintenance;
}

// Of a server that shall not serve (any more).
Standing leaving_standing(const ObservedServer& server, const ServerPolicy& policy) {
  const auto held = held_standing(server, policy);
  if (held != Standing::plain) return held;
  const bool drains = policy.drain.count() > 0 && !server.unverified && (server.draining || serves(server));
  return drains ? Standing::draining : Standing::plain;
}

// What keeps a wanted server from serving at once. `present` is null when HAProxy does not have it yet.
Standing wanted_standing(const ServerSpec& server, const ObservedServer* present, const ServerPolicy& policy,
                         const BackendTraits& traits) {
  if (present == nullptr && server.standing != Standing::plain) return server.standing;
  if (!server.enabled) return present == nullptr ? Standing::plain : leaving_standing(*present, policy);
  const auto held = present == nullptr ? Standing::plain : held_standing(*present, policy);
  if (held != Standing::plain || !policy.verified || !has_check(server, traits)) return held;
  if (present == nullptr || present->unverified) return Standing::unverified;
  const bool drained_by_agent = present->forced_drain && present->agent_enabled;
  const bool admitted = serves(*present) || present->draining || drained_by_agent;
  return admitted ? Standing::plain : Standing::unverified;
}

std::vector<const ObservedServer*> unwanted(const std::vector<ServerSpec>& wanted, const BackendTraits& traits,
                                            const ObservedBackend& observed) {
  std::unordered_set<std::string_view> names;
  names.reserve(wanted.size());
  for (const auto& server : wanted) names.insert(server.name);
  std::vector<const ObservedServer*> servers;
  for (const auto& server : observed.servers) {
    bool ours = !traits.declared.contains(server.name);
    if (ours && !names.contains(server.name) && !unsound(as_disabled(server))) servers.push_back(&server);
  }
  return servers;
}

bool is_tombstone(const ObservedServer& server, const ServerPolicy& policy) {
  return leaving_standing(server, policy) == Standing::plain;
}

// As in plan(): then the last ones serve until those that follow them are verified.
bool nobody_has_entered(const std::vector<ServerSpec>& wanted) {
  const bool awaited = std::any_of(wanted.begin(), wanted.end(),
                                   [](const ServerSpec& server) { return server.standing == Standing::unverified; });
  return awaited && std::none_of(wanted.begin(), wanted.end(), takes_connections);
}

ServerSpec as_serving(const ObservedServer* server) {
  auto spec = as_disabled(*server);
  spec.enabled = true;
  return spec;
}

std::size_t limit_of(const std::vector<ServerSpec>& wanted) {
  constexpr std::size_t kAtLeast = 10;
  return std::max(kAtLeast, wanted.size());
}

// Those that a reload must keep: what drains or is held, and tombstones whose return would need another reload.
void keep_for_reload(std::vector<const ObservedServer*>& dead, std::size_t limit, const ServerPolicy& policy,
                     const BackendTraits& traits, const Capabilities& capabilities) {
  std::erase_if(dead, [&](const auto* server) {
    return is_tombstone(*server, policy) && can_return_live(*server, traits, capabilities);
  });
  const auto tombs =
      std::stable_partition(dead.begin(), dead.end(), [&](const auto* s) { return !is_tombstone(*s, policy); });
  if (static_cast<std::size_t>(dead.end() - tombs) <= limit) return;
  std::stable_sort(tombs, dead.end(),
                   [](const auto* a, const auto* b) { return a->seconds_since_change < b->seconds_since_change; });
  dead.erase(tombs + static_cast<std::ptrdiff_t>(limit), dead.end());
}

}  // namespace

bool can_return_live(const ObservedServer& server, const BackendTraits& traits, const Capabilities& capabilities) {
  return !traits.not_dynamic && addition_of(as_disabled(server), traits, capabilities).has_value();
}

namespace {

// Who reads the file after a restart takes it for what HAProxy has.
void take_what_runs(const ObservedServer& runs, ServerSpec& server) {
  if (runs.options) server.options = *runs.options;
  if (runs.address.empty() || can_move(runs.address, server.address)) return;
  server.address = runs.address;
  server.port = runs.port;
}

}  // namespace

std::vector<ServerSpec> servers_for_file(const BackendSpec& desired, const BackendTraits& traits,
                                         const ObservedBackend* observed, const Capabilities& capabilities,
                                         FileFor purpose) {
  auto servers = usable_servers(desired, traits.declared);
  const ObservedBackend nothing;
  const auto& has = observed == nullptr ? nothing : *observed;
  const auto present = by_name(has);
  for (auto& server : servers) {
    const auto found = present.find(server.name);
    const auto* known = found == present.end() ? nullptr : found->second;
    server.standing = wanted_standing(server, known, desired.policy, traits);
    if (purpose == FileFor::running && known != nullptr) take_what_runs(*known, server);
  }
  const bool last_ones_stay = nobody_has_entered(servers);
  auto dead = unwanted(servers, traits, has);
  const auto leaving = std::stable_partition(dead.begin(), dead.end(), [&](const ObservedServer* server) {
    return last_ones_stay && serves(*server) && !server->draining &&
           held_standing(*server, desired.policy) == Standing::plain;
  });
  const auto limit = limit_of(servers);
  std::transform(dead.begin(), leaving, std::back_inserter(servers), as_serving);
  dead.erase(dead.begin(), leaving);
  if (purpose == FileFor::reload) keep_for_reload(dead, limit, desired.policy, traits, capabilities);
  for (const auto* server : dead) {
    servers.push_back(as_disabled(*server));
    servers.back().standing = leaving_standing(*server, desired.policy);
  }
  return servers;
}

Tombstones tombstones(const BackendSpec& desired, const BackendTraits& traits, const ObservedBackend& observed,
                      const Capabilities& capabilities) {
  const auto servers = usable_servers(desired, traits.declared);
  auto dead = unwanted(servers, traits, observed);
  std::erase_if(dead, [&](const auto* server) { return !is_tombstone(*server, desired.policy); });
  Tombstones count{.present = dead.size()};
  keep_for_reload(dead, limit_of(servers), desired.policy, traits, capabilities);
  count.sweepable = count.present - dead.size();
  return count;
}

}  // namespace synapse::haproxy
