#include "synapse/pool/pool.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/stable_hash.h"

namespace synapse {
namespace {

constexpr std::size_t max_name = 200;
constexpr std::size_t max_suffix = 100;

bool older(const RoutedServer& a, const RoutedServer& b) {
  return std::tie(a.created_ms, a.created_zxid, a.child) < std::tie(b.created_ms, b.created_zxid, b.child);
}

RoutedServer server_of(const Record& record, std::vector<std::string> options, int default_weight) {
  const auto& registration = *record.registration;
  RoutedServer server;
  server.name = registration.name;
  server.registered_name = registration.name;
  server.host = registration.host;
  server.port = registration.port;
  server.weight = registration.weight.value_or(default_weight);
  server.available = registration.available && server.weight > 0;
  server.unavailable_reason = registration.unavailable_reason;
  server.options = std::move(options);
  server.labels = registration.labels;
  server.created_ms = record.created_ms;
  server.created_zxid = record.created_zxid;
  server.child = record.child;
  return server;
}

std::vector<RoutedServer> read(const std::vector<Record>& records, int default_weight, std::vector<LeftOut>& left_out) {
  std::vector<RoutedServer> servers;
  servers.reserve(records.size());
  for (const auto& record : records) {
    if (!record.registration) {
      left_out.push_back({record.child, LeftOutBecause::invalid, record.registration.error().message});
      continue;
    }
    auto options = common::parse_server_options(record.registration->haproxy_server_options);
    if (!options) {
      left_out.push_back({record.child, LeftOutBecause::invalid, options.error().message});
      continue;
    }
    servers.push_back(server_of(record, std::move(*options), default_weight));
  }
  return servers;
}

// One instance that is listed twice: an old session that has not expired yet, or two agents. The newest knows best.
void drop_duplicates(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out) {
  std::map<std::tuple<std::string, std::string, int>, std::size_t> newest;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto& best = newest.emplace(std::tuple(servers[i].name, servers[i].host, servers[i].port), i).first->second;
    if (older(servers[best], servers[i])) best = i;
  }
  std::vector<RoutedServer> kept;
  kept.reserve(newest.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto best = newest.at(std::tuple(servers[i].name, servers[i].host, servers[i].port));
    if (best == i) continue;
    left_out.push_back({servers[i].child, LeftOutBecause::duplicate,
                        "same name and address as the newer " + common::quote_for_log(servers[best].child)});
  }
  for (const auto& [key, index] : newest) kept.push_back(std::move(servers[index]));
  servers = std::move(kept);
}

std::string suffix_of(const RoutedServer& server) {
  std::string host = server.host;
  std::replace(host.begin(), host.end(), ':', '-');
  // A host name may be longer than a server's name may be.
  if (host.size() > max_suffix) host = std::to_string(StableHash().add(host).value());
  return "_" + host + "_" + std::to_string(server.port);
}

// `servers` from the oldest to the newest: who came first keeps the name.
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

std::string without_zeros(const std::string& number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

// An id that stands twice keeps HAProxy from loading the whole configuration.
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

void put_in_order(std::vector<RoutedServer>& servers, const PoolOptions& options) {
  switch (options.order) {
    case PoolOrder::date:
      return;  // oldest first already
    case PoolOrder::name:
      std::sort(servers.begin(), servers.end(),
                [](const RoutedServer& a, const RoutedServer& b) { return a.name < b.name; });
      return;
    case PoolOrder::random:
      break;
  }
  std::vector<std::pair<std::uint64_t, RoutedServer>> keyed;
  keyed.reserve(servers.size());
  for (auto& server : servers) {
    const auto key = StableHash()
                         .add(options.seed)
                         .add(server.registered_name)
                         .add(server.host)
                         .add(static_cast<std::uint64_t>(server.port))
                         .value();
    keyed.emplace_back(key, std::move(server));
  }
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.name) < std::tie(b.first, b.second.name);
  });
  std::transform(keyed.begin(), keyed.end(), servers.begin(), [](auto& entry) { return std::move(entry.second); });
}

void sort_by_child(std::vector<LeftOut>& left_out) {
  std::sort(left_out.begin(), left_out.end(), [](const LeftOut& a, const LeftOut& b) { return a.child < b.child; });
}

}  // namespace

void Pool::update(const std::vector<Record>& records) {
  Routed fresh;
  fresh.servers = read(records, options_.default_weight, fresh.left_out);
  drop_duplicates(fresh.servers, fresh.left_out);
  sort_by_child(fresh.left_out);
  const auto is_available = [](const RoutedServer& server) { return server.available; };
  fresh.available = static_cast<int>(std::count_if(fresh.servers.begin(), fresh.servers.end(), is_available));
  fresh.unavailable = static_cast<int>(fresh.servers.size()) - fresh.available;
  if (fresh.available == 0) keep_vanished(fresh);
  std::sort(fresh.servers.begin(), fresh.servers.end(), older);
  make_names_unique(fresh.servers);
  make_ids_unique(fresh.servers);
  put_in_order(fresh.servers, options_);
  snapshot_ = std::move(fresh);
  route();
}

// The available servers of the last state whose records are not there any more, or not readable. Those that say
// themselves that they are not available are taken at their word.
void Pool::keep_vanished(Routed& fresh) const {
  std::set<std::tuple<std::string_view, std::string_view, int>> present;
  for (const auto& server : fresh.servers) present.emplace(server.registered_name, server.host, server.port);
  std::vector<RoutedServer> vanished;
  for (const auto& server : snapshot_.servers) {
    if (!server.available || present.contains({server.registered_name, server.host, server.port})) continue;
    vanished.push_back(server);
    vanished.back().name = server.registered_name;
  }
  fresh.kept = !vanished.empty();
  std::move(vanished.begin(), vanished.end(), std::back_inserter(fresh.servers));
}

void Pool::inherit(const Pool& predecessor) {
  snapshot_ = predecessor.snapshot_;
  route();
}

void Pool::exclude(std::optional<std::string> registered_name) {
  if (excluded_ == registered_name) return;
  excluded_ = std::move(registered_name);
  route();
}

std::optional<std::string> Pool::first() const {
  if (snapshot_.servers.empty()) return std::nullopt;
  return snapshot_.servers.front().registered_name;
}

void Pool::route() {
  correlated_ = Routed();
  if (!excluded_) return;
  correlated_ = snapshot_;
  std::vector<RoutedServer> servers;
  for (auto& server : correlated_.servers) {
    if (server.registered_name != *excluded_) {
      servers.push_back(std::move(server));
      continue;
    }
    correlated_.left_out.push_back(
        {server.child, LeftOutBecause::correlated, "stands first in the service that this one is correlated with"});
  }
  correlated_.servers = std::move(servers);
  sort_by_child(correlated_.left_out);
}

}  // namespace synapse
