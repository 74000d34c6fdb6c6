#include "synapse/pool/hold.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace synapse {
namespace {

using Key = std::tuple<std::string_view, std::string_view, int>;
using Address = std::pair<std::string_view, int>;

Key key_of(const RoutedServer& server) {
  return {server.registered_name, server.host, server.port};
}

std::string_view source_of(const RoutedServer& server) {
  return std::string_view(server.child).substr(0, server.child.find('/'));
}

// One id twice keeps HAProxy from loading the configuration: the living have it.
void drop_taken_id(RoutedServer& server, const std::vector<RoutedServer>& others) {
  auto& options = server.options;
  const auto id = std::find(options.begin(), options.end(), "id");
  if (id == options.end() || id + 1 == options.end()) return;
  const auto value = *(id + 1);
  const bool taken = std::any_of(others.begin(), others.end(), [&](const RoutedServer& other) {
    const auto its = std::find(other.options.begin(), other.options.end(), "id");
    return its != other.options.end() && its + 1 != other.options.end() && *(its + 1) == value;
  });
  if (taken) options.erase(id, id + 2);
}

}  // namespace

const Routed& Hold::update(const Routed& routed, Moment now, const LivenessOf& health) {
  if (options_.below_percent == 0) {
    gone_.clear();  // of a predecessor
    return routed;
  }
  std::erase_if(gone_, [&](const Gone& gone) { return gone.fate != Fate::held && now - gone.since > options_.window; });
  if (options_.sources_in_turn) drop_other_sources(routed);
  note_vanished(routed, now);
  drop_replaced(routed);
  // The last ones, which the pool keeps, have vanished as well.
  const auto all = last_.size() + gone_.size();
  const auto vanished = routed.kept ? all : gone_.size();
  if (vanished * 100 > static_cast<std::size_t>(options_.below_percent) * all) {
    const bool first = !active();
    for (auto& gone : gone_) {
      if (gone.fate == Fate::pending) judge(gone, health);
    }
    if (first && active()) alarm_ = Alarm{vanished, all};
  }
  if (!active()) return routed;
  with_held_ = routed;
  for (const auto& gone : gone_) {
    if (gone.fate != Fate::held) continue;
    with_held_.servers.push_back(gone.server);
    drop_taken_id(with_held_.servers.back(), routed.servers);
  }
  return with_held_;
}

void Hold::drop_other_sources(const Routed& routed) {
  std::set<std::string_view> sources;
  for (const auto& server : routed.servers) {
    if (!server.is_default) sources.insert(source_of(server));
  }
  if (sources.empty()) return;
  const auto is_of_another = [&](const RoutedServer& server) { return !sources.contains(source_of(server)); };
  std::erase_if(last_, is_of_another);
  std::erase_if(gone_, [&](const Gone& gone) { return is_of_another(gone.server); });
}

void Hold::note_vanished(const Routed& routed, Moment now) {
  std::set<Key> present;
  for (const auto& server : routed.servers) present.insert(key_of(server));
  std::set<std::string_view> left_out;
  for (const auto& out : routed.left_out) {
    if (out.because != LeftOutBecause::invalid) left_out.insert(out.child);
  }
  for (auto& server : last_) {
    if (present.contains(key_of(server)) || left_out.contains(server.child)) continue;
    gone_.push_back({std::move(server), now});
  }
  last_.clear();
  std::copy_if(routed.servers.begin(), routed.servers.end(), std::back_inserter(last_),
               [](const RoutedServer& server) { return server.available && !server.is_default; });
}

// By their own return, or by another one in their place.
void Hold::drop_replaced(const Routed& routed) {
  std::set<Address> addresses;
  std::set<std::string_view> names;
  for (const auto& server : routed.servers) {
    addresses.emplace(server.host, server.port);
    names.insert(server.name);
  }
  std::erase_if(gone_, [&](const Gone& gone) {
    const bool returned = addresses.contains({gone.server.host, gone.server.port});
    if (!returned && !names.contains(gone.server.name)) return false;
    if (gone.fate == Fate::held) {
      releases_.push_back(
          {gone.server.name, returned ? "its address is registered again" : "its name is registered again"});
    }
    return true;
  });
}

void Hold::judge(Gone& gone, const LivenessOf& health) {
  const bool was_held = gone.fate == Fate::held;
  const auto state = health(gone.server.name);
  gone.fate = state == Liveness::dead || state == Liveness::unchecked ? Fate::let_go : Fate::held;
  if (was_held && gone.fate == Fate::let_go) {
    releases_.push_back({gone.server.name, state == Liveness::dead ? "its check fails" : "nobody checks it"});
  }
}

bool Hold::review(const LivenessOf& health) {
  const auto before = held();
  for (auto& gone : gone_) {
    if (gone.fate == Fate::held) judge(gone, health);
  }
  return held() != before;
}

void Hold::inherit(const Hold& predecessor) {
  last_ = predecessor.last_;
  gone_ = predecessor.gone_;
}

std::vector<RoutedServer> Hold::held_servers() const {
  std::vector<RoutedServer> servers;
  for (const auto& gone : gone_) {
    if (gone.fate == Fate::held) servers.push_back(gone.server);
  }
  return servers;
}

std::size_t Hold::held() const {
  return static_cast<std::size_t>(
      std::count_if(gone_.begin(), gone_.end(), [](const Gone& gone) { return gone.fate == Fate::held; }));
}

std::optional<Hold::Alarm> Hold::take_alarm() {
  return std::exchange(alarm_, std::nullopt);
}

std::vector<Release> Hold::take_releases() {
  return std::exchange(releases_, {});
}

}  // namespace synapse
