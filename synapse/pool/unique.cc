#include "synapse/pool/unique.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/stable_hash.h"

namespace synapse {
namespace {

constexpr std::size_t max_name = 200;
constexpr std::size_t max_suffix = 100;

std::string suffix_of(const RoutedServer& server) {
  std::string host = server.host;
  std::replace_if(
      host.begin(), host.end(), [](char c) { return c == ':' || c == '/'; }, '-');
  // A host name may be longer than a server's name may be.
  if (host.size() > max_suffix) host = std::to_string(StableHash().add(host).value());
  return "_" + host + "_" + std::to_string(server.port);
}

std::string without_zeros(const std::string& number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

}  // namespace

Address address_of(const RoutedServer& server) {
  return {server.registered_name, server.host, server.port};
}

bool older(const RoutedServer& a, const RoutedServer& b) {
  return std::tie(a.created_ms, a.created_zxid, a.child) < std::tie(b.created_ms, b.created_zxid, b.child);
}

void drop_duplicates(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out) {
  std::map<Address, std::size_t> newest;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto& best = newest.emplace(address_of(servers[i]), i).first->second;
    if (older(servers[best], servers[i])) best = i;
  }
  std::vector<RoutedServer> kept;
  kept.reserve(newest.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto best = newest.at(address_of(servers[i]));
    if (best == i) continue;
    left_out.push_back(left_out_of(servers[i], LeftOutBecause::duplicate,
                                   "same name and address as the newer " + common::quote_for_log(servers[best].child)));
  }
  for (const auto& [key, index] : newest) kept.push_back(std::move(servers[index]));
  servers = std::move(kept);
}

void make_names_unique(std::vector<RoutedServer>& servers) {
  std::set<std::string> taken;
  std::vector<RoutedServer*> homonyms;
  for (auto& server : servers) {
    if (!taken.insert(server.name).second) homonyms.push_back(&server);
  }
  for (auto* server : homonyms) {
    const auto suffix = suffix_of(*server);
    const auto base = server->registered_name.substr(0, max_name - suffix.size() - 8) + suffix;
    server->name = base;
    for (int i = 2; !taken.insert(server->name).second; ++i) server->name = base + "_" + std::to_string(i);
  }
}

void make_ids_unique(std::vector<RoutedServer>& servers) {
  std::set<std::string> taken;
  for (auto& server : servers) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < server.options.size();) {
      const std::size_t words = common::server_option_has_value(server.options[i]) ? 2 : 1;
      const bool twice = server.options[i] == "id" && !taken.insert(without_zeros(server.options[i + 1])).second;
      for (std::size_t end = i + words; i < end; ++i) {
        if (!twice) kept.push_back(std::move(server.options[i]));
      }
    }
    server.options = std::move(kept);
  }
}

}  // namespace synapse
