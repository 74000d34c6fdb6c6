#include "synapse/status/history.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/registration/validate.h"

namespace synapse {
namespace {

constexpr std::size_t kMostGone = 100;
constexpr auto kGone = "gone";
constexpr auto kNoRecord = "no record";

using Change = History::Change;
using Note = History::Note;
using State = Note::State;
using ByChild = std::unordered_map<std::string_view, const RoutedServer*>;

ByChild by_child(const Routed& routed) {
  ByChild found;
  found.reserve(routed.servers.size());
  for (const auto& server : routed.servers) found.emplace(server.child, &server);
  return found;
}

std::string_view state_of(const RoutedServer& server, const Note* note) {
  if (note != nullptr && note->state == State::kept) return "kept";
  return server.available ? "in" : "unavailable";
}

std::string place_of(const RoutedServer& server) {
  return server.host.starts_with('/') ? server.host : common::host_port(server.host, server.port);
}

std::string reason_of(const RoutedServer& server) {
  if (server.available) return "";
  return server.unavailable_reason.empty() && server.weight == 0 ? "its weight is 0" : server.unavailable_reason;
}

}  // namespace

std::string_view kind_of(LeftOutBecause because) {
  switch (because) {
    case LeftOutBecause::invalid:
      return "invalid";
    case LeftOutBecause::duplicate:
      return "duplicate";
    case LeftOutBecause::unfit:
      return "unfit";
    case LeftOutBecause::filtered:
      return "filtered";
    case LeftOutBecause::correlated:
      return "correlated";
    case LeftOutBecause::excess:
      return "excess";
  }
  return "left_out";
}

// One update() in the making.
class History::Update {
 public:
  Update(Service& service, const Routed& before, const Routed& after, const std::vector<Record>* records, WallTime now)
      : service_(service),
        before_(by_child(before)),
        after_(by_child(after)),
        source_spoke_(records != nullptr),
        now_(now) {
    for (const auto& out : after.left_out) left_out_.emplace(out.child, &out);
    if (!source_spoke_) return;
    children_.reserve(records->size());
    for (const auto& record : *records) children_.insert(record.child);
  }

  void compare(const RoutedServer& server) {
    const auto known = before_.find(server.child);
    const auto* before = known == before_.end() ? nullptr : known->second;
    const auto old_note = find_note(server.child);
    const auto note = note_of(server, before, old_note ? &*old_note : nullptr);
    if (note) notes_.emplace(server.child, *note);
    const auto state = state_of(server, note ? &*note : nullptr);
    if (before == nullptr) return add(server, "server", "", state, reason_of(server));
    const auto old_state = state_of(*before, old_note ? &*old_note : nullptr);
    if (old_state != state) {
      add(server, "server", old_state, state, state == "kept" ? "its record is gone" : reason_of(server));
    }
    if (before->weight != server.weight) {
      add(server, "weight", std::to_string(before->weight), std::to_string(server.weight), "");
    }
    if (before->host != server.host || before->port != server.port)
      add(server, "address", place_of(*before), place_of(server), "");
  }

  void miss(const RoutedServer& before) {
    if (after_.contains(before.child)) return;
    const auto note = find_note(before.child);
    GoneServer gone{.name = before.name,
                    .child = before.child,
                    .host = before.host,
                    .port = before.port,
                    .weight = before.weight,
                    .since = now_,
                    .kind = kGone,
                    .reason = kNoRecord,
                    .last = reason_of(before)};
    if (const auto out = left_out_.find(before.child); out != left_out_.end()) {
      gone.kind = kind_of(out->second->because);
      gone.reason = out->second->reason;
    } else if (note && note->state == State::kept) {
      gone.since = note->since;  // of its record
    }
    add(before, "server", state_of(before, note ? &*note : nullptr), "out", gone.reason);
    service_.gone.push_back(std::move(gone));
  }

  std::vector<Change> finish(const Routed& after) {
    service_.notes = std::move(notes_);
    if (service_.gone.empty()) return std::move(changes_);
    std::unordered_set<std::string_view> names;
    for (const auto& server : after.servers) names.insert(server.name);
    // Who is there again is not gone.
    std::erase_if(service_.gone, [&](const GoneServer& gone) { return names.contains(gone.name); });
    for (auto& gone : service_.gone) {
      if (!source_spoke_ || gone.kind == kGone || children_.contains(gone.child)) continue;
      gone.last = std::exchange(gone.reason, kNoRecord);
      gone.kind = kGone;
      gone.since = now_;
    }
    while (service_.gone.size() > kMostGone) service_.gone.pop_front();
    return std::move(changes_);
  }

 private:
  std::optional<Note> find_note(const std::string& child) const {
    const auto found = service_.notes.find(child);
    return found == service_.notes.end() ? std::nullopt : std::optional(found->second);
  }

  // A default server has no record that it could lose.
  std::optional<Note> note_of(const RoutedServer& server, const RoutedServer* before, const Note* old) const {
    const auto noted = [&](State state) {
      return Note{state, old != nullptr && old->state == state ? old->since : now_};
    };
    const bool has_record = !source_spoke_ || children_.contains(server.child);
    const bool was_kept = old != nullptr && old->state == State::kept;
    if (!server.is_default && before != nullptr && (!has_record || (!source_spoke_ && was_kept))) {
      return noted(State::kept);
    }
    if (!server.available) return noted(State::unavailable);
    return std::nullopt;
  }

  void add(const RoutedServer& server, const char* what, std::string_view old_value, std::string_view new_value,
           std::string reason) {
    changes_.push_back({server.name, what, std::string(old_value), std::string(new_value), std::move(reason)});
  }

  Service& service_;
  const ByChild before_;
  const ByChild after_;
  const bool source_spoke_;
  const WallTime now_;
  std::unordered_map<std::string_view, const LeftOut*> left_out_;
  std::unordered_set<std::string_view> children_;
  std::map<std::string, Note> notes_;
  std::vector<Change> changes_;
};

std::vector<Change> History::update(const std::string& name, const Routed& before, const Routed& after,
                                    const std::vector<Record>* records, WallTime now) {
  const auto [found, first] = services_.try_emplace(name);
  Update update(found->second, before, after, records, now);
  for (const auto& server : after.servers) update.compare(server);
  for (const auto& server : before.servers) update.miss(server);
  auto changes = update.finish(after);
  return first ? std::vector<Change>() : changes;
}

void History::forget(const std::string& service) {
  services_.erase(service);
}

const History::Service* History::find(const std::string& service) const {
  const auto found = services_.find(service);
  return found == services_.end() ? nullptr : &found->second;
}

const Note* History::note(const std::string& name, const std::string& child) const {
  const auto* service = find(name);
  if (service == nullptr) return nullptr;
  const auto found = service->notes.find(child);
  return found == service->notes.end() ? nullptr : &found->second;
}

const GoneServer* History::gone(const std::string& name, std::string_view server) const {
  const auto* service = find(name);
  if (service == nullptr) return nullptr;
  const auto last = std::find_if(service->gone.rbegin(), service->gone.rend(),
                                 [&](const GoneServer& gone) { return gone.name == server || gone.child == server; });
  return last == service->gone.rend() ? nullptr : &*last;
}

std::vector<GoneServer> History::gone(const std::string& name) const {
  const auto* service = find(name);
  if (service == nullptr) return {};
  return {service->gone.rbegin(), service->gone.rend()};
}

}  // namespace synapse
