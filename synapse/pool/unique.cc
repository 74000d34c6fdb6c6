#include "synapse/pool/unique.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <unordered_set>
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

void sort_servers(std::vector<RoutedServer>& servers, const std::function<bool(std::size_t, std::size_t)>& before) {
  std::vector<std::size_t> order(servers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return before(a, b); });
  if (std::is_sorted(order.begin(), order.end())) return;
  std::vector<RoutedServer> sorted;
  sorted.reserve(servers.size());
  for (const auto index : order) sorted.push_back(std::move(servers[index]));
  servers = std::move(sorted);
}

void drop_duplicates(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out) {
  const auto key = [](const RoutedServer* server) {
    return std::tie(server->registered_name, server->host, server->port);
  };
  std::vector<const RoutedServer*> by_address;
  by_address.reserve(servers.size());
  for (const auto& server : servers) by_address.push_back(&server);
  std::sort(by_address.begin(), by_address.end(), [&](const auto* a, const auto* b) {
    return key(a) != key(b) ? key(a) < key(b) : older(*b, *a);  // the newest first
  });
  std::vector<bool> doubled(servers.size());
  const RoutedServer* newest = nullptr;
  bool any = false;
  for (const auto* server : by_address) {
    if (newest == nullptr || key(newest) != key(server)) {
      newest = server;
      continue;
    }
    any = doubled[static_cast<std::size_t>(server - servers.data())] = true;
    left_out.push_back(left_out_of(*server, LeftOutBecause::duplicate,
                                   "same name and address as the newer " + common::quote_for_log(newest->child)));
  }
  if (!any) return;
  std::vector<RoutedServer> kept;
  kept.reserve(servers.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!doubled[i]) kept.push_back(std::move(servers[i]));
  }
  servers = std::move(kept);
}

void make_names_unique(std::vector<RoutedServer>& servers) {
  std::unordered_set<std::string_view> taken;  // names that do not change any more
  taken.reserve(servers.size());
  std::vector<RoutedServer*> homonyms;
  for (auto& server : servers) {
    if (!taken.insert(server.name).second) homonyms.push_back(&server);
  }
  for (auto* server : homonyms) {
    const auto suffix = suffix_of(*server);
    const auto base = server->registered_name.substr(0, max_name - suffix.size() - 8) + suffix;
    auto name = base;
    for (int i = 2; taken.contains(name); ++i) name = base + "_" + std::to_string(i);
    server->name = std::move(name);
    taken.insert(server->name);
  }
}

void make_ids_unique(std::vector<RoutedServer>& servers) {
  std::set<std::string> taken;
  for (auto& server : servers) {
    if (std::find(server.options.begin(), server.options.end(), "id") == server.options.end()) continue;
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
