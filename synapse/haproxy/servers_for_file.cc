#include <algorithm>
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
  spec.weight = server.weight;
  spec.enabled = false;
  spec.options = server.options.value_or(std::vector<std::string>());
  return spec;
}

std::unordered_map<std::string_view, const ObservedServer*> by_name(const ObservedBackend& observed) {
  std::unordered_map<std::string_view, const ObservedServer*> servers;
  for (const auto& server : observed.servers) servers.emplace(server.name, &server);
  return servers;
}

std::vector<const ObservedServer*> unwanted(const std::vector<ServerSpec>& wanted, const BackendTraits& traits,
                                            const ObservedBackend& observed) {
  std::unordered_set<std::string_view> names;
  for (const auto& server : wanted) names.insert(server.name);
  std::vector<const ObservedServer*> servers;
  for (const auto& server : observed.servers) {
    bool ours = !traits.declared.contains(server.name);
    if (ours && !names.contains(server.name) && !unsound(as_disabled(server))) servers.push_back(&server);
  }
  return servers;
}

// Those that a reload must keep, because their return would need another one.
void keep_for_reload(std::vector<const ObservedServer*>& dead, std::size_t limit, const BackendTraits& traits,
                     const Capabilities& capabilities) {
  std::erase_if(dead, [&](const auto* server) { return can_return_live(*server, traits, capabilities); });
  if (dead.size() <= limit) return;
  std::stable_sort(dead.begin(), dead.end(),
                   [](const auto* a, const auto* b) { return a->seconds_since_change < b->seconds_since_change; });
  dead.resize(limit);
}

}  // namespace

bool can_return_live(const ObservedServer& server, const BackendTraits& traits, const Capabilities& capabilities) {
  return !traits.not_dynamic && addition_of(as_disabled(server), traits, capabilities).has_value();
}

std::vector<ServerSpec> servers_for_file(const BackendSpec& desired, const BackendTraits& traits,
                                         const ObservedBackend* observed, const Capabilities& capabilities,
                                         FileFor purpose) {
  auto servers = usable_servers(desired, traits.declared);
  if (observed == nullptr) return servers;
  auto dead = unwanted(servers, traits, *observed);
  if (purpose == FileFor::reload) {
    constexpr std::size_t kAtLeast = 10;
    keep_for_reload(dead, std::max(kAtLeast, servers.size()), traits, capabilities);
  } else {
    auto present = by_name(*observed);
    for (auto& server : servers) {
      auto found = present.find(server.name);
      if (found == present.end()) continue;
      const auto& runs = *found->second;
      if (runs.options) server.options = *runs.options;
      if (!runs.address.empty() && !can_move(runs.address, server.address)) {
        server.address = runs.address;
        server.port = runs.port;
      }
    }
  }
  for (const auto* server : dead) servers.push_back(as_disabled(*server));
  return servers;
}

}  // namespace synapse::haproxy
