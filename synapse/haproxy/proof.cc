#include "synapse/haproxy/proof.h"

#include <optional>
#include <utility>

#include "synapse/haproxy/render.h"
#include "synapse/haproxy/skeleton.h"
#include "synapse/haproxy/words.h"
#include "synapse/server_options.h"

namespace synapse::haproxy {
namespace {

const std::string kStandInName = "synapse-proof";

std::optional<ServerSpec> stand_in(const ServiceConfig& service, std::uint64_t seed) {
  const auto expanded = expand_server_options(service.server_options, kStandInName, {}, seed);
  if (!expanded) return std::nullopt;
  const auto words = split_words(*expanded);
  if (!words) return std::nullopt;
  return ServerSpec{.name = kStandInName, .address = "127.0.0.1", .port = 1, .options = *words};
}

std::vector<ServerSpec> servers_of(const ServiceConfig& service, const KnownService& known, std::uint64_t seed) {
  auto servers = known.servers;
  if (known.same && !servers.empty()) return servers;
  for (auto& server : servers) server.options.clear();
  if (auto server = stand_in(service, seed)) servers.push_back(*std::move(server));
  return servers;
}

}  // namespace

std::string text_to_prove(const RouterConfig& router, const std::map<std::string, KnownService>& known,
                          std::uint64_t seed) {
  auto spec = skeleton_of(router);
  auto backends = std::exchange(spec.backends, {});
  const KnownService nothing;
  for (std::size_t i = 0; i < backends.size(); ++i) {
    const auto& service = router.services[i];
    const auto found = known.find(service.name);
    const auto& its_own = found == known.end() ? nothing : found->second;
    if (!service.declare_empty && !its_own.ever_available) continue;  // as in the file that would be loaded
    backends[i].servers = servers_of(service, its_own, seed);
    spec.backends.push_back(std::move(backends[i]));
  }
  return render(spec).text;
}

}  // namespace synapse::haproxy
