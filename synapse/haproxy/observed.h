// What HAProxy has, as far as it said so: read from `show servers state`, then moved on by every command it
// acknowledged. Owned by the driver. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

struct ObservedServer {
  std::string name;
  // Empty: HAProxy has none (`-`), the server can never serve. It says the same of a unix socket, whose path is
  // remembered like the options.
  std::string address;
  int port = 0;
  int weight = 0;                      // srv_uweight: the present one, absolute
  int initial_weight = 0;              // srv_iweight: from the file or `add server`
  bool forced_maintenance = false;     // FMAINT: by the file's `disabled`, by us or by a person; `state ready` ends it
  bool inherited_maintenance = false;  // by a tracked server or a failed resolution; `state ready` does not end it
  bool forced_drain = false;           // FDRAIN, by a person; `state ready` ends it
  bool up = false;                     // HAProxy's own view: not stopped
  bool check_configured = false;
  bool check_enabled = false;
  bool agent_configured = false;
  bool agent_enabled = false;
  int seconds_since_change = 0;

  // Not in HAProxy's answer. The options that the server was loaded or added with; nothing: not known.
  std::optional<std::vector<std::string>> options;
  bool removal_refused = false;  // `del server` found connections attached

  friend bool operator==(const ObservedServer&, const ObservedServer&) = default;
};

struct ObservedBackend {
  std::string name;
  std::vector<ObservedServer> servers;  // in HAProxy's order
  std::set<std::string> refused;        // names whose `add server` HAProxy refused since its last load

  [[nodiscard]] const ObservedServer* find(std::string_view server) const;
  [[nodiscard]] ObservedServer* find(std::string_view server);

  friend bool operator==(const ObservedBackend&, const ObservedBackend&) = default;
};

struct ObservedState {
  std::map<std::string, ObservedBackend> backends;  // only those with servers: HAProxy does not list the others
  int skipped_lines = 0;                            // unreadable ones: read again

  friend bool operator==(const ObservedState&, const ObservedState&) = default;
};

// Reads the answer to `show servers state`. Columns are found by the header line, so that a version with more or other
// columns is read too. The error says what is missing: the header, a column, the end of the last line.
[[nodiscard]] common::Result<ObservedState> parse_servers_state(std::string_view reply);

// After a read-back without a reload: what HAProxy does not tell (options, unix sockets, refusals) is carried over by
// name.
void carry_over(const ObservedBackend& previous, ObservedBackend& fresh);

// After a load: the options and unix sockets of the servers are those of the file that was loaded.
void adopt_options(const std::vector<ServerSpec>& loaded, ObservedBackend& fresh);

}  // namespace synapse::haproxy
