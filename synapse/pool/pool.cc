#include "synapse/pool/pool.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/pool/unique.h"
#include "synapse/stable_hash.h"

namespace synapse {
namespace {

// A registry full of garbage must not fill the memory.
constexpr std::size_t kMostLeftOut = 10'000;

RoutedServer server_of(const Record& record, int default_weight) {
  const auto& registration = *record.registration;
  RoutedServer server;
  server.name = registration.name;
  server.registered_name = registration.name;
  server.host = record.socket.empty() ? registration.host : record.socket;
  server.port = record.socket.empty() ? registration.port : 0;
  server.weight = registration.weight.value_or(default_weight);
  server.registered_port = server.port;
  server.registered_weight = server.weight;
  server.available = registration.available && server.weight > 0;
  server.draining = registration.available && server.weight == 0;
  server.unavailable_reason = registration.unavailable_reason;
  server.labels = registration.labels;
  server.created_ms = record.created_ms;
  server.created_zxid = record.created_zxid;
  server.child = record.child;
  return server;
}

std::vector<RoutedServer> read(const std::vector<Record>& records, int default_weight, int port_override,
                               std::vector<LeftOut>& left_out) {
  std::vector<RoutedServer> servers;
  servers.reserve(records.size());
  for (const auto& record : records) {
    if (!record.registration) {
      left_out.push_back(
          {record.child, LeftOutBecause::invalid, record.registration.error().message, record.claimed_name});
      continue;
    }
    auto server = server_of(record, default_weight);
    auto options = common::parse_server_options(record.registration->haproxy_server_options);
    if (!options) {
      left_out.push_back(left_out_of(server, LeftOutBecause::invalid, options.error().message));
      continue;
    }
    server.options = std::move(*options);
    if (port_override != 0 && !server.on_socket()) server.port = port_override;
    if (server.port == 0 && !server.on_socket()) {
      left_out.push_back(left_out_of(server, LeftOutBecause::invalid, "has no port; portOverride can give it one"));
      continue;
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

// Why the filters do not let a server pass; nothing: they do.
std::optional<std::string> why_filtered(const RoutedServer& server, const std::vector<LabelFilter>& filters) {
  for (const auto& filter : filters) {
    if (auto why = filter.why_not(server.labels)) return why;
  }
  return std::nullopt;
}

void filter(std::vector<RoutedServer>& servers, const std::vector<LabelFilter>& filters,
            std::vector<LeftOut>& left_out) {
  if (filters.empty()) return;
  std::erase_if(servers, [&](const RoutedServer& server) {
    auto why = why_filtered(server, filters);
    if (why) left_out.push_back(left_out_of(server, LeftOutBecause::filtered, std::move(*why)));
    return why.has_value();
  });
}

void put_in_order(std::vector<RoutedServer>& servers, const PoolOptions& options) {
  switch (options.order) {
    case PoolOrder::date:
      return;  // oldest first already
    case PoolOrder::name:
      sort_servers(servers, [&](std::size_t a, std::size_t b) { return servers[a].name < servers[b].name; });
      return;
    case PoolOrder::random:
      break;
  }
  std::vector<std::uint64_t> keys;
  keys.reserve(servers.size());
  for (const auto& server : servers) {
    keys.push_back(StableHash()
                       .add(options.seed)
                       .add(server.registered_name)
                       .add(server.host)
                       .add(static_cast<std::uint64_t>(server.port))
                       .value());
  }
  sort_servers(servers, [&](std::size_t a, std::size_t b) {
    return std::tie(keys[a], servers[a].name) < std::tie(keys[b], servers[b].name);
  });
}

void put_near_ones_first(std::vector<RoutedServer>& servers, const Preference& prefer) {
  const auto far = std::stable_partition(servers.begin(), servers.end(),
                                         [&](const RoutedServer& server) { return prefer.is_near(server.labels); });
  std::for_each(far, servers.end(), [&](RoutedServer& server) {
    server.backup = !prefer.far_weight;
    if (prefer.far_weight) server.weight = std::min(server.weight, *prefer.far_weight);
  });
}

bool is_available(const RoutedServer& server) {
  return server.available;
}

// Who takes traffic stays before who does not, and the oldest before those that came later: a flood of new records
// displaces nobody, and after a restart the choice is the same.
void leave_out_excess(std::vector<RoutedServer>& servers, std::size_t most, Routed& routed) {
  if (servers.size() <= most) return;
  const auto count = servers.size();
  std::sort(servers.begin(), servers.end(), [](const RoutedServer& a, const RoutedServer& b) {
    return a.available != b.available ? a.available : older(a, b);
  });
  routed.excess = count - most;
  const std::string why = "one of " + std::to_string(count) + " servers, and maxServers is " + std::to_string(most) +
                          ": those that are available and the oldest are routed";
  for (auto i = most; i < count && routed.left_out.size() < kMostLeftOut; ++i) {
    routed.left_out.push_back(left_out_of(servers[i], LeftOutBecause::excess, why));
  }
  servers.erase(servers.begin() + static_cast<std::ptrdiff_t>(most), servers.end());
}

void sort_by_child(std::vector<LeftOut>& left_out) {
  std::sort(left_out.begin(), left_out.end(), [](const LeftOut& a, const LeftOut& b) { return a.child < b.child; });
}

}  // namespace

LeftOut left_out_of(const RoutedServer& server, LeftOutBecause because, std::string reason) {
  return {server.child, because, std::move(reason), server.registered_name, server.host, server.port};
}

bool is_fault(LeftOutBecause because) {
  switch (because) {
    case LeftOutBecause::invalid:
    case LeftOutBecause::duplicate:
    case LeftOutBecause::unfit:
      return true;
    case LeftOutBecause::filtered:
    case LeftOutBecause::correlated:
    case LeftOutBecause::excess:
      return false;
  }
  return true;
}

bool Routed::empty_on_purpose() const {
  return servers.empty() &&
         std::any_of(left_out.begin(), left_out.end(), [](const LeftOut& out) { return !is_fault(out.because); });
}

Routed Pool::update(const std::vector<Record>& records) {
  const auto& rules = options_.rules;
  Routed fresh;
  auto& servers = fresh.servers;
  servers = read(records, options_.default_weight, rules.port_override, fresh.left_out);
  drop_duplicates(servers, fresh.left_out);
  std::vector<Address> named;
  named.reserve(servers.size());
  for (const auto& server : servers) named.push_back(address_of(server));
  filter(servers, rules.label_filters, fresh.left_out);
  const auto unfit = leave_out_unfit(servers, fresh.left_out);
  leave_out_excess(servers, rules.max_servers, fresh);
  fresh.available = static_cast<int>(std::count_if(servers.begin(), servers.end(), is_available));
  fresh.unavailable = static_cast<int>(servers.size()) - fresh.available;
  if (fresh.available == 0) {
    std::set<Address> others(std::make_move_iterator(named.begin()), std::make_move_iterator(named.end()));
    for (const auto& server : unfit) others.erase(address_of(server));
    keep_vanished(fresh, others);
  }
  sort_servers(servers, [&](std::size_t a, std::size_t b) { return older(servers[a], servers[b]); });
  auto last = default_servers(fresh);
  const auto count = servers.size();
  std::move(last.begin(), last.end(), std::back_inserter(servers));
  make_names_unique(servers);
  make_ids_unique(servers);
  last.assign(std::make_move_iterator(servers.begin() + static_cast<std::ptrdiff_t>(count)),
              std::make_move_iterator(servers.end()));
  servers.resize(count);
  put_in_order(servers, options_);
  std::move(last.begin(), last.end(), std::back_inserter(servers));
  if (rules.prefer) put_near_ones_first(servers, *rules.prefer);
  sort_by_child(fresh.left_out);
  if (fresh.left_out.size() > kMostLeftOut) {
    fresh.left_out.erase(fresh.left_out.begin() + kMostLeftOut, fresh.left_out.end());
    fresh.left_out.shrink_to_fit();
  }
  Routed before = std::move(excluded_ ? correlated_ : snapshot_);
  snapshot_ = std::move(fresh);
  route();
  return before;
}

// Gives back those that it took away.
std::vector<RoutedServer> Pool::leave_out_unfit(std::vector<RoutedServer>& servers,
                                                std::vector<LeftOut>& left_out) const {
  std::vector<RoutedServer> unfit;
  if (!options_.why_unfit) return unfit;
  std::erase_if(servers, [&](const RoutedServer& server) {
    auto why = options_.why_unfit(server);
    if (!why) return false;
    left_out.push_back(left_out_of(server, LeftOutBecause::unfit, std::move(*why)));
    unfit.push_back(server);
    return true;
  });
  return unfit;
}

// The available servers of the last state that the source does not name any more, or not in a way that can be used.
// Those that say themselves that they are not available are taken at their word, and so are the filters.
void Pool::keep_vanished(Routed& fresh, const std::set<Address>& named) const {
  std::vector<RoutedServer> vanished;
  for (const auto& server : snapshot_.servers) {
    if (!server.available || server.is_default || named.contains(address_of(server))) continue;
    // Inherited ones had other rules.
    if (why_filtered(server, options_.rules.label_filters)) continue;
    if (options_.why_unfit && options_.why_unfit(server)) continue;
    vanished.push_back(server);
    vanished.back().name = server.registered_name;
    vanished.back().weight = server.registered_weight;
    vanished.back().backup = false;
  }
  fresh.kept = !vanished.empty();
  std::move(vanished.begin(), vanished.end(), std::back_inserter(fresh.servers));
}

// Those that are due. One whose address is among the others already would get a second share, or traffic that its
// record does not want.
std::vector<RoutedServer> Pool::default_servers(Routed& fresh) const {
  const bool nobody = std::none_of(fresh.servers.begin(), fresh.servers.end(), is_available);
  if (options_.rules.default_servers.empty() || (!options_.rules.keep_default_servers && !nobody)) return {};
  auto servers = read(options_.rules.default_servers, options_.default_weight, 0, fresh.left_out);
  (void)leave_out_unfit(servers, fresh.left_out);
  std::set<std::pair<std::string, int>> taken;
  for (const auto& server : fresh.servers) taken.emplace(server.host, server.port);
  std::erase_if(servers, [&](const RoutedServer& server) { return !taken.emplace(server.host, server.port).second; });
  for (auto& server : servers) server.is_default = true;
  fresh.defaulted = nobody && std::any_of(servers.begin(), servers.end(), is_available);
  return servers;
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
    correlated_.left_out.push_back(left_out_of(server, LeftOutBecause::correlated,
                                               "stands first in the service that this one is correlated with"));
  }
  correlated_.servers = std::move(servers);
  sort_by_child(correlated_.left_out);
}

}  // namespace synapse
