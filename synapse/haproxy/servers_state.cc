// The reading of `show servers state`.
#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_set>
#include <utility>

#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/haproxy/observed.h"

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
    auto number = common::number_in<int>(text(column));
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
  server.seconds_since_change = common::number_in<int>(text(since_change)).value_or(0);
  return row;
}

std::string_view take_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

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

}  // namespace synapse::haproxy
