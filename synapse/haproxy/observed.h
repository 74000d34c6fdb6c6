// What HAProxy has, as far as it said so: read from `show servers state`, then moved on by every command it
// acknowledged. Owned by the driver. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/result.h"
#include "synapse/haproxy/server.h"

namespace synapse::haproxy {

using Moment = std::chrono::steady_clock::time_point;

// What a person at the runtime socket asked for.
enum class ByHand { nothing, maintenance, drain };

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
  bool forced_drain = false;           // FDRAIN, by us, a person or an agent; `state ready` ends it
  bool up = false;                     // HAProxy's own view: not stopped
  bool check_configured = false;
  bool check_enabled = false;
  bool checks_rest = false;   // as in maintenance, but for a server that never left the one it was added in
  bool check_passed = false;  // the last answer; an old one while checks rest
  bool check_failed = false;
  int check_health = 0;  // passed checks since the last failed one, as far as HAProxy counts
  bool agent_configured = false;
  bool agent_enabled = false;
  int seconds_since_change = 0;

  // Not in HAProxy's answer. The options that the server was loaded or added with; nothing: not known.
  std::optional<std::vector<std::string>> options;
  bool removal_refused = false;  // `del server` found connections attached
  bool unverified = false;       // in maintenance or drain until a check passes
  bool draining = false;         // the drain is ours
  std::optional<Moment> drains_until;
  std::optional<int> weight_to_restore;  // of a server that the file drains by weight 0
  ByHand by_hand = ByHand::nothing;
  int unanswered = 0;  // commands about it that were sent, of which it is not known what became

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

// After a read-back without a reload: what HAProxy does not tell is carried over by name. Maintenance or drain that we
// did not ask for is a person's.
void carry_over(const ObservedBackend& previous, ObservedBackend& fresh);

// After a load, or at our own start: the options and unix sockets of the servers are those of the file, and its
// comments tell why a server does not serve. `current`: the file is known to be what this HAProxy runs, so that
// maintenance or drain of a server that serves according to the file is a person's, from while we were away.
void adopt(const std::vector<ServerSpec>& loaded, bool current, ObservedBackend& fresh);

// After a load: the drains that were under way end when they were to.
void carry_times(const ObservedBackend& previous, ObservedBackend& fresh);

// After a load by others, of a file that may be older: what a person holds, and the file holds too, stays a person's.
void carry_holds(const ObservedBackend& previous, ObservedBackend& fresh);

// What HAProxy will have after loading these servers; for when no HAProxy runs. Tombstones are left out: there is
// nothing that they could spare.
[[nodiscard]] ObservedBackend expected_of(const std::string& backend, const std::vector<ServerSpec>& loaded);

// Whether there is a difference that matters to a plan: the age of a state does not. What does not matter is made equal
// in `previous`, which `fresh` is about to replace; there may be ten thousand servers, and they are compared often.
[[nodiscard]] bool differs(ObservedBackend& previous, const ObservedBackend& fresh);

// For whoever looks many up. Valid while the backend's list is not changed.
[[nodiscard]] std::unordered_map<std::string_view, const ObservedServer*> by_name(const ObservedBackend& backend);

}  // namespace synapse::haproxy
