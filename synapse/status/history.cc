#include "synapse/status/history.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/registration/validate.h"

namespace synapse {
namespace {

constexpr std::size_t kMostGone = 100;
constexpr auto kGone = "gone";
constexpr auto kNoRecord = "no record";

using Present = History::Present;
using Change = History::Change;

const Present* find(const std::vector<Present>& servers, std::string_view child) {
  const auto found =
      std::lower_bound(servers.begin(), servers.end(), child,
                       [](const Present& server, std::string_view wanted) { return server.child < wanted; });
  return found == servers.end() || found->child != child ? nullptr : &*found;
}

std::string_view state_of(const Present& server) {
  if (server.kept) return "kept";
  return server.available ? "in" : "unavailable";
}

std::string place_of(const Present& server) {
  return server.host.starts_with('/') ? server.host : common::host_port(server.host, server.port);
}

Present present_of(const RoutedServer& server, const Present* before, bool has_record, WallTime now) {
  Present present{.child = server.child,
                  .name = server.name,
                  .host = server.host,
                  .port = server.port,
                  .weight = server.weight,
                  .available = server.available,
                  .recorded = has_record || (before != nullptr && before->recorded),
                  .kept = !has_record && before != nullptr && before->recorded,
                  .reason = server.available ? "" : server.unavailable_reason,
                  .since = now};
  if (!server.available && present.reason.empty() && server.weight == 0) present.reason = "its weight is 0";
  if (before != nullptr && state_of(*before) == state_of(present)) present.since = before->since;
  return present;
}

void compare(const Present& before, const Present& after, std::vector<Change>& changes) {
  const auto add = [&](const char* what, std::string_view old_value, std::string_view new_value, std::string reason) {
    changes.push_back({after.name, what, std::string(old_value), std::string(new_value), std::move(reason)});
  };
  if (state_of(before) != state_of(after)) {
    add("server", state_of(before), state_of(after), after.kept ? "its record is gone" : after.reason);
  }
  if (before.weight != after.weight) add("weight", std::to_string(before.weight), std::to_string(after.weight), "");
  if (place_of(before) != place_of(after)) add("address", place_of(before), place_of(after), "");
}

}  // namespace

std::string_view kind_of(LeftOutBecause because) {
  switch (because) {
    case LeftOutBecause::invalid:
      return "invalid";
    case LeftOutBecause::duplicate:
      return "duplicate";
    case LeftOutBecause::correlated:
      return "correlated";
  }
  return "left_out";
}

std::vector<Change> History::update(const std::string& name, const std::vector<Record>* records, const Routed& routed,
                                    WallTime now) {
  std::unordered_set<std::string_view> children;
  if (records != nullptr) {
    for (const auto& record : *records) children.insert(record.child);
  }
  const auto has_record = [&](const std::string& child, const Present* before) {
    return records != nullptr ? children.contains(child) : before == nullptr || !before->kept;
  };
  const auto [found, first] = services_.try_emplace(name);
  auto& service = found->second;
  std::vector<Present> fresh;
  fresh.reserve(routed.servers.size());
  std::vector<Change> changes;
  for (const auto& server : routed.servers) {
    const auto* before = find(service.present, server.child);
    fresh.push_back(present_of(server, before, has_record(server.child, before), now));
    if (before != nullptr) {
      compare(*before, fresh.back(), changes);
    } else if (!first) {
      changes.push_back({server.name, "server", "", std::string(state_of(fresh.back())), fresh.back().reason});
    }
  }
  std::sort(fresh.begin(), fresh.end(), [](const Present& a, const Present& b) { return a.child < b.child; });
  std::unordered_map<std::string_view, const LeftOut*> left_out;
  for (const auto& out : routed.left_out) left_out.emplace(out.child, &out);
  for (const auto& before : service.present) {
    if (find(fresh, before.child) != nullptr) continue;
    GoneServer gone{.name = before.name,
                    .child = before.child,
                    .host = before.host,
                    .port = before.port,
                    .weight = before.weight,
                    .since = now,
                    .kind = kGone,
                    .reason = kNoRecord,
                    .last = before.reason};
    if (const auto out = left_out.find(before.child); out != left_out.end()) {
      gone.kind = kind_of(out->second->because);
      gone.reason = out->second->reason;
    } else if (before.kept) {
      gone.since = before.since;  // of its record
    }
    changes.push_back({before.name, "server", std::string(state_of(before)), "out", gone.reason});
    service.gone.push_back(std::move(gone));
  }
  service.present = std::move(fresh);
  // Who is there again is not gone.
  std::unordered_set<std::string_view> names;
  for (const auto& server : service.present) names.insert(server.name);
  std::erase_if(service.gone, [&](const GoneServer& gone) { return names.contains(gone.name); });
  for (auto& gone : service.gone) {
    if (records == nullptr || gone.kind == kGone || children.contains(gone.child)) continue;
    gone.last = std::exchange(gone.reason, kNoRecord);
    gone.kind = kGone;
    gone.since = now;
  }
  while (service.gone.size() > kMostGone) service.gone.pop_front();
  return changes;
}

void History::forget(const std::string& service) {
  services_.erase(service);
}

const History::Present* History::present(const std::string& service, std::string_view child) const {
  const auto found = services_.find(service);
  return found == services_.end() ? nullptr : find(found->second.present, child);
}

const GoneServer* History::gone(const std::string& service, std::string_view name) const {
  const auto found = services_.find(service);
  if (found == services_.end()) return nullptr;
  const auto& gone = found->second.gone;
  const auto last = std::find_if(gone.rbegin(), gone.rend(),
                                 [&](const GoneServer& server) { return server.name == name || server.child == name; });
  return last == gone.rend() ? nullptr : &*last;
}

std::vector<GoneServer> History::gone(const std::string& service) const {
  const auto found = services_.find(service);
  if (found == services_.end()) return {};
  return {found->second.gone.rbegin(), found->second.gone.rend()};
}

}  // namespace synapse
