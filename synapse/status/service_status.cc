#include "synapse/status/service_status.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/registration/claimed_name.h"
#include "common/registration/validate.h"
#include "common/telemetry/event_log.h"

namespace synapse {
namespace {

std::string in_brackets(const std::string& words) {
  return words.empty() ? "" : " (" + words + ")";
}

// A record that cannot be read at all says no name, but the name of its node may.
bool may_be_of(const LeftOut& out, std::string_view name) {
  return out.because == LeftOutBecause::invalid && out.name.empty() && common::node_may_be_of(out.child, name);
}

// Everything that the words about one server are made of.
class Judge {
 public:
  Judge(const ServiceFacts& facts, const History& history, WallTime now)
      : facts_(facts), history_(history), now_(now) {}

  Standing wanted(const RoutedServer& server, const OutputServer* present) const {
    const auto* note = history_.note(facts_.history_key, server.child);
    if (!server.available) return {false, "unavailable", unavailable(server, note)};
    auto standing = in_output(server, present);
    if (server.is_default) {
      if (standing.in) standing.kind = "default";
      standing.why = "one of the default servers; " + standing.why;
    }
    if (note != nullptr && note->state == History::Note::State::kept) {
      if (standing.in) standing.kind = "kept";
      standing.why = "no record since " + clock_time(note->since, now_) + ", kept in service; " + standing.why;
    }
    return standing;
  }

  // Its record has gone, with too many others to be believed.
  Standing held(const RoutedServer& server, const OutputServer* present) const {
    auto standing = in_output(server, present);
    if (standing.in) standing.kind = "held";
    const auto* gone = history_.gone(facts_.history_key, server.child);
    standing.why = (gone != nullptr ? gone_words(*gone).second : "no record") +
                   ", with too many others at once: held until its check in the output fails or its address or name is "
                   "registered again; " +
                   standing.why;
    return standing;
  }

  // The output has it, and nobody wants it.
  Standing surplus(const OutputServer& server) const {
    const bool in = server.mode == OutputMode::ready;
    std::string kind = "gone";
    std::string why = facts_.known ? "nobody wants it any more" : "the source has not spoken yet";
    if (const auto* gone = history_.gone(facts_.history_key, server.name)) std::tie(kind, why) = gone_words(*gone);
    why += "; the output still has it in state " + std::string(to_string(server.mode)) + in_brackets(server.note);
    return {in, in ? "surplus" : kind, std::move(why)};
  }

  // The kind, and why. Its server may have come back with a record that is left out.
  std::pair<std::string, std::string> gone_words(const GoneServer& gone) const {
    const auto& all = facts_.routed.left_out;
    const auto heir = std::find_if(all.begin(), all.end(), [&](const LeftOut& out) {
      return out.child != gone.child && (out.name == gone.name || may_be_of(out, gone.name));
    });
    if (gone.kind != "gone" || heir == all.end()) return {gone.kind, words_of(gone)};
    return {std::string(kind_of(heir->because)),
            "its record is now " + common::quote_for_log(heir->child) + ", which is left out: " + heir->reason};
  }

  std::string words_of(const GoneServer& gone) const {
    std::string words = gone.reason + " since " + clock_time(gone.since, now_);
    if (!gone.last.empty()) words += "; last reason: " + gone.last;
    return words;
  }

  std::string since(WallTime time) const { return "since " + clock_time(time, now_); }

 private:
  std::string unavailable(const RoutedServer& server, const History::Note* note) const {
    std::string why = server.weight == 0 && server.unavailable_reason.empty()
                          ? "its record has weight 0"
                          : "its record says that it is unavailable";
    if (note != nullptr) why += " " + since(note->since);
    if (!server.unavailable_reason.empty()) why += ": " + server.unavailable_reason;
    return why;
  }

  Standing in_output(const RoutedServer& server, const OutputServer* present) const {
    if (!facts_.output.unknown.empty()) return {false, "unknown", facts_.output.unknown};
    const auto problem = facts_.output.problems.find(server.name);
    const std::string trouble = problem == facts_.output.problems.end() ? "" : problem->second;
    if (present == nullptr) {
      std::string why = trouble;
      if (why.empty() && !facts_.output.waiting.empty()) why = "waits: " + facts_.output.waiting.front();
      if (why.empty()) why = "on its way to the output";
      return {false, trouble.empty() ? "waiting" : "refused", std::move(why)};
    }
    const auto note = in_brackets(present->note);
    switch (present->mode) {
      case OutputMode::ready:
        if (present->weight == 0) {
          return {false, "draining", "it has weight 0: only what belongs to it already goes on" + note};
        }
        return {true, "in", "ready with weight " + std::to_string(present->weight) + note};
      case OutputMode::down:
        return {false, "down", "its check in the output fails" + note};
      case OutputMode::draining:
      case OutputMode::maintenance:
        return {false, "stopped", "the output has it in state " + std::string(to_string(present->mode)) + note};
      case OutputMode::unusable:
        break;
    }
    return {false, "unusable", "the output holds it without an address" + note};
  }

  const ServiceFacts& facts_;
  const History& history_;
  const WallTime now_;
};

OutServer out_of(const LeftOut& out, const GoneServer* gone, const Judge& judge) {
  OutServer server{.name = "",
                   .record = out.child,
                   .address = "",
                   .weight = std::nullopt,
                   .since = std::nullopt,
                   .standing = {false, std::string(kind_of(out.because)), out.reason}};
  server.name = out.name;
  if (out.port != 0 || out.host.starts_with('/')) server.address = address_of(out.host, out.port);
  if (gone == nullptr || gone->kind != server.standing.kind) return server;
  server.name = gone->name;
  server.address = address_of(gone->host, gone->port);
  server.weight = gone->weight;
  server.since = gone->since;
  server.standing.why = out.reason + " (" + judge.since(gone->since) + ")";
  return server;
}

OutServer out_of(const GoneServer& gone, const Judge& judge) {
  auto [kind, why] = judge.gone_words(gone);
  return {.name = gone.name,
          .record = gone.child,
          .address = address_of(gone.host, gone.port),
          .weight = gone.weight,
          .since = gone.since,
          .standing = {false, std::move(kind), std::move(why)}};
}

std::string trouble_of(const ServiceFacts& facts, const std::vector<OutputDifference>& found) {
  if (!facts.output.unknown.empty()) return facts.output.unknown;
  if (!facts.known && !facts.stale) return facts.trouble.empty() ? "the source has not spoken yet" : facts.trouble;
  if (!facts.trouble.empty()) return facts.trouble;
  if (facts.stale) return "served as it was known before; the source has not spoken yet";
  if (facts.routed.kept) return "no available server in the source; vanished ones are kept";
  if (!facts.held.empty()) {
    const auto all = facts.held.size() + static_cast<std::size_t>(facts.routed.available);
    return std::to_string(facts.held.size()) + " of " + std::to_string(all) +
           " servers vanished at once; held for as long as the output finds them alive";
  }
  if (facts.routed.defaulted) return "no available server in the source; the default servers serve";
  if (!facts.output.waiting.empty()) return facts.output.waiting.front();
  if (!facts.output.problems.empty()) return facts.output.problems.begin()->second;
  return found.empty() ? "" : "the output is not as it should be";
}

ServiceState state_of(const ServiceStatus& status) {
  if (!status.ready) return ServiceState::not_ready;
  if (status.unknown.empty() && status.in_service() == 0) return ServiceState::empty;
  if (status.stale) return ServiceState::stale;
  if (status.kept) return ServiceState::kept;
  if (status.held != 0) return ServiceState::held;
  if (status.defaulted) return ServiceState::defaulted;
  return status.unknown.empty() && status.differences.empty() ? ServiceState::ok : ServiceState::pending;
}

}  // namespace

std::string_view to_string(ServiceState state) {
  switch (state) {
    case ServiceState::not_ready:
      return "not ready";
    case ServiceState::empty:
      return "empty";
    case ServiceState::stale:
      return "stale";
    case ServiceState::kept:
      return "kept";
    case ServiceState::held:
      return "held";
    case ServiceState::defaulted:
      return "defaulted";
    case ServiceState::pending:
      return "pending";
    case ServiceState::ok:
      return "ok";
  }
  return "unknown";
}

std::string address_of(const std::string& host, int port) {
  return host.starts_with('/') ? host : common::host_port(host, port);
}

std::string clock_time(WallTime time, WallTime now) {
  const std::string text = common::rfc3339(time);  // 2026-01-31T12:00:00.123Z
  const auto day = text.substr(0, 10);
  const auto hour = text.substr(11, 8);
  return day == common::rfc3339(now).substr(0, 10) ? hour : day + " " + hour;
}

std::size_t ServiceStatus::in_service() const {
  return static_cast<std::size_t>(
      std::count_if(servers.begin(), servers.end(), [](const ServerStatus& server) { return server.standing.in; }));
}

ServiceStatus status_of(ServiceFacts facts, const History& history, WallTime now) {
  const Judge judge(facts, history, now);
  ServiceStatus status;
  std::unordered_map<std::string_view, const OutputServer*> present;
  for (const auto& server : facts.output.present) present.emplace(server.name, &server);
  std::unordered_set<std::string_view> wanted;
  const auto tell = [&](const RoutedServer& server, bool held) {
    const auto found = present.find(server.name);
    const auto* has = found == present.end() ? nullptr : found->second;
    wanted.insert(server.name);
    status.servers.push_back({server.name, held ? judge.held(server, has) : judge.wanted(server, has), server,
                              has == nullptr ? std::nullopt : std::optional(*has)});
  };
  for (const auto& server : facts.routed.servers) tell(server, false);
  for (const auto& server : facts.held) tell(server, true);
  for (const auto& server : facts.output.present) {
    if (!wanted.contains(server.name)) {
      status.servers.push_back({server.name, judge.surplus(server), std::nullopt, server});
    }
  }
  std::unordered_set<std::string_view> left_out;
  for (const auto& out : facts.routed.left_out) {
    left_out.insert(out.child);
    status.left_out.push_back(out_of(out, history.gone(facts.history_key, out.child), judge));
  }
  for (const auto& gone : history.gone(facts.history_key)) {
    if (left_out.contains(gone.child) || present.contains(gone.name) || wanted.contains(gone.name)) continue;
    status.gone.push_back(out_of(gone, judge));
  }
  status.differences = differences(facts.output);
  status.ready = facts.ready;
  status.known = facts.known;
  status.stale = facts.stale;
  status.kept = facts.routed.kept;
  status.defaulted = facts.routed.defaulted;
  status.held = facts.held.size();
  status.age = facts.age;
  status.trouble = trouble_of(facts, status.differences);
  status.available = facts.routed.available;
  status.unavailable = facts.routed.unavailable;
  status.waiting = std::move(facts.output.waiting);
  status.unknown = std::move(facts.output.unknown);
  status.place = std::move(facts.place);
  status.state = state_of(status);
  return status;
}

}  // namespace synapse
