#include "synapse/haproxy/observed.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "common/registration/validate.h"

namespace synapse::haproxy {

namespace {

// The bits of srv_admin_state (HAProxy's server-t.h) and srv_check_state (check-t.h) that matter here. A server that
// the file declares `disabled` starts as 5: forced (1) and "by the configuration" (4); `state ready` leaves 4.
constexpr int kForcedMaintenance = 0x01;
constexpr int kInheritedMaintenance = 0x02 | 0x20;  // from a tracked server, from a failed resolution
constexpr int kForcedDrain = 0x08;
// srv_check_result (check-t.h). The next one, 4, is "passed, but keep new sessions away".
constexpr int kCheckFailed = 2;
constexpr int kCheckPassed = 3;
constexpr int kCheckConfigured = 0x02;
constexpr int kCheckEnabled = 0x04;
constexpr int kCheckPaused = 0x08;

enum Column {
  backend_name,
  server_name,
  address,
  port,
  operational_state,
  admin_state,
  user_weight,
  initial_weight,
  since_change,
  check_result,
  check_health,
  check_state,
  agent_state,
  column_count,
};

constexpr std::array<std::string_view, column_count> kColumns = {
    "be_name",          "srv_name",         "srv_addr",
    "srv_port",         "srv_op_state",     "srv_admin_state",
    "srv_uweight",      "srv_iweight",      "srv_time_since_last_change",
    "srv_check_result", "srv_check_health", "srv_check_state",
    "srv_agent_state"};

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    auto start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return fields;
    line.remove_prefix(start);
    auto end = std::min(line.find_first_of(" \t\r"), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<int> parse_number(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Which field of a row is which column.
struct Layout {
  std::array<std::size_t, column_count> index{};
  std::size_t fields = 0;
};

common::Result<Layout> parse_header(std::string_view line) {
  auto names = fields_of(line);
  if (names.empty() || names.front() != "#") return common::fail("'show servers state' has no header line");
  names.erase(names.begin());
  Layout layout;
  layout.fields = names.size();
  for (std::size_t column = 0; column < column_count; ++column) {
    auto found = std::find(names.begin(), names.end(), kColumns[column]);
    if (found == names.end()) {
      return common::fail("'show servers state' has no column " + std::string(kColumns[column]));
    }
    layout.index[column] = static_cast<std::size_t>(found - names.begin());
  }
  return layout;
}

// As HAProxy takes them. With another name a command would be another one.
bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_.:-").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

struct Row {
  std::string backend;
  ObservedServer server;
};

std::optional<Row> parse_row(std::string_view line, const Layout& layout) {
  auto fields = fields_of(line);
  if (fields.size() != layout.fields) return std::nullopt;
  auto text = [&](Column column) { return fields[layout.index[column]]; };
  if (!is_name(text(backend_name)) || !is_name(text(server_name))) return std::nullopt;
  std::array<int, column_count> numbers{};
  for (Column column : {port, operational_state, admin_state, user_weight, initial_weight, check_result, check_health,
                        check_state, agent_state}) {
    auto number = parse_number(text(column));
    if (!number) return std::nullopt;
    numbers[column] = *number;
  }
  Row row;
  row.backend = std::string(text(backend_name));
  auto& server = row.server;
  server.name = std::string(text(server_name));
  if (common::is_ip_address(text(address))) server.address = std::string(text(address));
  server.port = numbers[port];
  server.weight = numbers[user_weight];
  server.initial_weight = numbers[initial_weight];
  server.forced_maintenance = (numbers[admin_state] & kForcedMaintenance) != 0;
  server.inherited_maintenance = (numbers[admin_state] & kInheritedMaintenance) != 0;
  server.forced_drain = (numbers[admin_state] & kForcedDrain) != 0;
  server.up = numbers[operational_state] != 0;
  server.check_configured = (numbers[check_state] & kCheckConfigured) != 0;
  server.check_enabled = (numbers[check_state] & kCheckEnabled) != 0;
  server.checks_rest = (numbers[check_state] & kCheckPaused) != 0;
  server.check_failed = numbers[check_result] == kCheckFailed;
  server.check_passed = numbers[check_result] == kCheckPassed;
  server.check_health = numbers[check_health];
  server.agent_configured = (numbers[agent_state] & kCheckConfigured) != 0;
  server.agent_enabled = (numbers[agent_state] & kCheckEnabled) != 0;
  // Only used for ordering, and may exceed an int after decades.
  server.seconds_since_change = parse_number(text(since_change)).value_or(0);
  return row;
}

ByHand present_hold(const ObservedServer& server) {
  if (server.forced_maintenance) return ByHand::maintenance;
  // An agent may drain its server.
  return server.forced_drain && !server.agent_enabled ? ByHand::drain : ByHand::nothing;
}

// By whom a state was changed is told by what we know of it: every command of ours was acknowledged, or is noted.
ByHand newly_by_hand(const ObservedServer& known, const ObservedServer& fresh) {
  if (known.unanswered > 0) return ByHand::nothing;
  if (known.forced_maintenance == fresh.forced_maintenance && known.forced_drain == fresh.forced_drain) {
    return ByHand::nothing;
  }
  return present_hold(fresh);
}

// Freshly loaded from a line that keeps the server drained by weight 0, because a file has no word for drain.
bool kept_drained_by_weight(const ObservedServer& server) {
  return !server.forced_drain && !server.forced_maintenance && server.weight == 0 && server.initial_weight == 0;
}

bool drained_by_file(const ServerSpec& spec, const ObservedServer& server) {
  return (spec.standing == Standing::draining || spec.standing == Standing::held_in_drain) &&
         kept_drained_by_weight(server);
}

// A server that HAProxy shows without address and port may be one on a unix socket.
void take_socket(std::string_view address, ObservedServer& server) {
  if (server.address.empty() && server.port == 0 && is_socket(address)) server.address = std::string(address);
}

std::string_view take_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

const ObservedServer* ObservedBackend::find(std::string_view server) const {
  // From the back: a server that is being added is asked for again and again.
  auto found = std::find_if(servers.rbegin(), servers.rend(), [&](const auto& s) { return s.name == server; });
  return found == servers.rend() ? nullptr : &*found;
}

ObservedServer* ObservedBackend::find(std::string_view server) {
  return const_cast<ObservedServer*>(std::as_const(*this).find(server));
}

common::Result<ObservedState> parse_servers_state(std::string_view reply) {
  // A cut in the middle of the last number would otherwise go unnoticed.
  if (!reply.ends_with('\n')) return common::fail("the answer to 'show servers state' is cut off");
  auto version = fields_of(take_line(reply));
  if (version.size() != 1 || version.front() != "1") {
    return common::fail("'show servers state' is not of format version 1: " +
                        common::quote_for_log(version.empty() ? "" : version.front()));
  }
  auto layout = parse_header(take_line(reply));
  if (!layout.has_value()) return layout.error();
  ObservedState state;
  // Commands mean the first of a name, so nothing could be done about another.
  std::unordered_set<std::string> names;
  while (!reply.empty()) {
    auto line = take_line(reply);
    if (fields_of(line).empty()) continue;
    auto row = parse_row(line, *layout);
    if (!row || !names.insert(row->backend + "/" + row->server.name).second) {
      ++state.skipped_lines;
      continue;
    }
    auto& backend = state.backends[row->backend];
    backend.name = row->backend;
    backend.servers.push_back(std::move(row->server));
  }
  // It is kept until the next reading.
  for (auto& [name, backend] : state.backends) backend.servers.shrink_to_fit();
  return state;
}

void carry_over(const ObservedBackend& previous, ObservedBackend& fresh) {
  const auto before = by_name(previous);
  for (auto& server : fresh.servers) {
    const auto found = before.find(server.name);
    if (found == before.end()) continue;
    const auto* known = found->second;
    server.options = known->options;
    take_socket(known->address, server);
    server.removal_refused = known->removal_refused;
    const bool serves = !server.forced_maintenance && !server.forced_drain;
    server.unverified = known->unverified && !serves;
    server.weight_to_restore = known->weight_to_restore;
    // Loaded as drained, and not yet told so at run time.
    const bool drained = kept_drained_by_weight(*known) && kept_drained_by_weight(server);
    if (known->by_hand == ByHand::nothing) {
      server.by_hand = newly_by_hand(*known, server);
    } else {
      server.by_hand = drained ? ByHand::drain : present_hold(server);
    }
    if (known->draining && (server.forced_drain || drained) && server.by_hand == ByHand::nothing) {
      server.draining = true;
      server.drains_until = known->drains_until;
    }
    if (server.by_hand != ByHand::nothing) server.unverified = false;
  }
  fresh.refused = previous.refused;
}

void adopt(const std::vector<ServerSpec>& loaded, bool current, ObservedBackend& fresh) {
  std::unordered_map<std::string_view, ObservedServer*> servers;
  for (auto& server : fresh.servers) servers.emplace(server.name, &server);
  for (const auto& spec : loaded) {
    const auto found = servers.find(spec.name);
    if (found == servers.end()) continue;
    auto* server = found->second;
    server->options = normalised(spec).options;
    take_socket(spec.address, *server);
    switch (spec.standing) {
      case Standing::plain:
        if (current && spec.enabled) server->by_hand = present_hold(*server);
        break;
      case Standing::unverified:
        server->unverified = server->forced_maintenance || server->forced_drain;
        break;
      case Standing::draining:
        server->draining = server->forced_drain || drained_by_file(spec, *server);
        break;
      case Standing::held_in_maintenance:
        server->by_hand = present_hold(*server);
        break;
      case Standing::held_in_drain:
        server->by_hand = drained_by_file(spec, *server) ? ByHand::drain : present_hold(*server);
        break;
    }
    if (drained_by_file(spec, *server)) server->weight_to_restore = spec.weight;
  }
}

void carry_times(const ObservedBackend& previous, ObservedBackend& fresh) {
  for (auto& server : fresh.servers) {
    if (!server.draining) continue;
    if (const auto* known = previous.find(server.name)) server.drains_until = known->drains_until;
  }
}

void carry_holds(const ObservedBackend& previous, ObservedBackend& fresh) {
  const auto before = by_name(previous);
  for (auto& server : fresh.servers) {
    const auto known = before.find(server.name);
    if (known == before.end() || known->second->by_hand == ByHand::nothing) continue;
    if (server.by_hand != ByHand::nothing || present_hold(server) == ByHand::nothing) continue;
    server.by_hand = present_hold(server);
    server.unverified = false;
    server.draining = false;
  }
}

ObservedBackend expected_of(const std::string& backend, const std::vector<ServerSpec>& loaded) {
  ObservedBackend expected;
  expected.name = backend;
  for (const auto& spec : loaded) {
    if (!spec.enabled && spec.standing == Standing::plain) continue;
    ObservedServer server;
    server.name = spec.name;
    server.address = spec.address;
    server.port = spec.port;
    server.weight = server.initial_weight = spec.weight;
    server.forced_maintenance = spec.standing == Standing::unverified || spec.standing == Standing::held_in_maintenance;
    server.forced_drain = spec.standing == Standing::draining || spec.standing == Standing::held_in_drain;
    expected.servers.push_back(std::move(server));
  }
  adopt(loaded, true, expected);
  return expected;
}

bool differs(ObservedBackend& previous, const ObservedBackend& fresh) {
  if (previous.refused != fresh.refused || previous.servers.size() != fresh.servers.size()) return true;
  for (std::size_t i = 0; i < fresh.servers.size(); ++i) {
    auto& before = previous.servers[i];
    const auto& now = fresh.servers[i];
    before.seconds_since_change = now.seconds_since_change;
    if (!now.unverified) before.check_health = now.check_health;
    if (before != now) return true;
  }
  return false;
}

std::unordered_map<std::string_view, const ObservedServer*> by_name(const ObservedBackend& backend) {
  std::unordered_map<std::string_view, const ObservedServer*> servers;
  servers.reserve(backend.servers.size());
  for (const auto& server : backend.servers) servers.emplace(server.name, &server);
  return servers;
}

}  // namespace synapse::haproxy
