// What there is to say of a service: where its servers come from, which of them are in and which are out and why, what
// the router's output has of each. Put together when somebody asks. Pure: the time is an argument.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synapse/pool/pool.h"
#include "synapse/status/history.h"
#include "synapse/status/output_state.h"

namespace synapse {

// Where the servers of a service come from, and where they go.
struct ServicePlace {
  std::string service;
  std::string proxy;   // its name in the output; empty: none
  std::string router;  // the router's type
  std::string place;   // and what tells it from others: the path of its file
  std::string source;  // the watcher's type
  std::string words;   // what it watches, whatever its type
  std::string path;    // of ZooKeeper
  std::vector<std::string> hosts;
};

// What the program knows of a service at this moment.
struct ServiceFacts {
  ServicePlace place;
  bool ready = false;                       // it was routed at least once
  bool known = false;                       // its source has spoken
  bool stale = false;                       // what is routed comes from an earlier life; its source has not spoken yet
  std::optional<std::chrono::seconds> age;  // since the source last confirmed what it said
  std::string trouble;                      // of the source, the last one; empty: there is none
  Routed routed;
  std::vector<RoutedServer> held;  // routed behind them, although they vanished: the output finds them alive
  OutputState output;
  std::string history_key;
};

// In or out, and why.
struct Standing {
  bool in = false;
  std::string kind;  // one word for programs: "in", "kept", "held", "unavailable", "waiting", "gone", "invalid"...
  std::string why;   // a sentence for people

  friend bool operator==(const Standing&, const Standing&) = default;
};

struct ServerStatus {
  std::string name;
  Standing standing;
  std::optional<RoutedServer> wanted;
  std::optional<OutputServer> present;
};

// A record that is not routed, or a server that went.
struct OutServer {
  std::string name;    // of the server; empty: nobody knows
  std::string record;  // the child
  std::string address;
  std::optional<int> weight;
  std::optional<WallTime> since;
  Standing standing;
};

// The first that is true.
enum class ServiceState {
  not_ready,  // it was never routed
  empty,      // no server is in
  stale,      // its source has not spoken in this life
  kept,       // vanished servers are in because nobody else is there
  held,       // some are in because too many vanished at once to be believed
  defaulted,  // only default servers are in, for the same reason
  pending,    // the output is not as it should be, or not known
  ok,
};
[[nodiscard]] std::string_view to_string(ServiceState state);

struct ServiceStatus {
  ServicePlace place;
  ServiceState state = ServiceState::not_ready;
  bool ready = false;
  bool known = false;
  bool stale = false;
  bool kept = false;
  bool defaulted = false;
  std::size_t held = 0;  // so many servers
  std::optional<std::chrono::seconds> age;
  std::string unknown;  // as in OutputState
  std::string trouble;  // what the operator should look at first; empty: nothing
  int available = 0;    // as the source says
  int unavailable = 0;
  std::vector<std::string> waiting;   // as in OutputState
  std::vector<ServerStatus> servers;  // in the order wanted, then what the output has beside them
  std::vector<OutServer> left_out;    // records that are not routed
  // Servers that went and that the output does not have either, the last one first.
  std::vector<OutServer> gone;  // servers that went, the last one first
  std::vector<OutputDifference> differences;

  std::size_t in_service() const;
};

[[nodiscard]] ServiceStatus status_of(ServiceFacts facts, const History& history, WallTime now);

// What there is to say about `server`, which is the name of a server or of a record, or an address HOST:PORT.
struct Explanation {
  std::string server;
  std::string record;  // empty: not known
  std::string address;
  Standing standing;
};
[[nodiscard]] Explanation explain(const ServiceStatus& status, std::string_view server, WallTime started, WallTime now);

// HOST:PORT, or the path of a unix socket.
[[nodiscard]] std::string address_of(const std::string& host, int port);

// "12:03:11", in UTC as in the log; with the date in front of it when that is not today.
[[nodiscard]] std::string clock_time(WallTime time, WallTime now);

}  // namespace synapse
