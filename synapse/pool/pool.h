// From the records of one service to the servers that are routed: filters, names made unique, order, near and far,
// correlation, and the fall-back policy. One Pool per service and router; owned by the router. Pure: no clock, no
// randomness of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "synapse/pool/record.h"
#include "synapse/pool/rules.h"

namespace synapse {

struct RoutedServer {
  std::string name;             // unique in the service, fit for HAProxy
  std::string registered_name;  // what the record said
  std::string host;             // address or host name (resolving is the router's), or the path of a unix socket
  int port = 0;                 // 0 with a unix socket
  int weight = 1;               // 0..256
  int registered_port = 0;      // likewise, before portOverride
  int registered_weight = 1;    // likewise, before far servers got less
  bool available = true;        // takes new connections; false also at weight 0
  bool draining = false;        // at weight 0 although it is available: what belongs to it already goes on
  std::string unavailable_reason;
  std::vector<std::string> options;  // the record's haproxy_server_options
  Labels labels;
  std::int64_t created_ms = 0;
  std::int64_t created_zxid = 0;
  std::string child;
  bool backup = false;      // far: serves while no near one does
  bool is_default = false;  // of defaultServers

  bool on_socket() const { return host.starts_with('/'); }

  friend bool operator==(const RoutedServer&, const RoutedServer&) = default;
};

enum class LeftOutBecause {
  invalid,     // the record cannot be read, or holds what must not get into a configuration
  duplicate,   // a newer record has the same name and address
  unfit,       // the router cannot route it as the service's configuration wants it
  filtered,    // the configuration does not want servers with its labels
  correlated,  // the configuration wants the first server of another service left out
  excess,      // there are more servers than the configuration allows
};

// True when the record is at fault, which is told of each. False when the configuration wants it so.
[[nodiscard]] bool is_fault(LeftOutBecause because);

struct LeftOut {
  std::string child;
  LeftOutBecause because;
  std::string reason;  // for people
  // What the record says of itself, as far as it could be read.
  std::string name = {};
  std::string host = {};
  int port = 0;

  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

[[nodiscard]] LeftOut left_out_of(const RoutedServer& server, LeftOutBecause because, std::string reason);

struct Routed {
  std::vector<RoutedServer> servers;  // in the order wanted
  std::vector<LeftOut> left_out;      // by child; ten thousand at most
  std::size_t excess = 0;             // so many were left out as that, listed or not
  // What the source says, of servers that pass the filters, whatever is routed; before correlation.
  int available = 0;
  int unavailable = 0;
  bool kept = false;       // the source names no available server any more; vanished ones are kept
  bool defaulted = false;  // nobody is there to serve but the default servers

  // No servers, because the configuration does not want those that the source names: nothing has vanished.
  bool empty_on_purpose() const;

  friend bool operator==(const Routed&, const Routed&) = default;
};

enum class PoolOrder {
  random,  // by a hash of seed, name and address: stable for one seed, and a change moves no other server
  name,
  date,  // oldest first
};

struct PoolOptions {
  PoolOrder order = PoolOrder::random;
  std::uint64_t seed = 0;  // one per host, so that not all hosts prefer the same server
  // For records without a weight. What go-nerve writes for a service without one, so that a path with records of both
  // kinds, as in a migration, is shared evenly.
  int default_weight = 255;
  PoolRules rules;
  // Why the router could not route a server; nothing: it can. May be empty: it takes all.
  std::function<std::optional<std::string>(const RoutedServer&)> why_unfit;
};

// When the source names no available server any more, those that vanished from it stay: everything gone at once is more
// likely a fault of the registry than of all backends. A server that says itself that it is not available is taken at
// its word, as is one that does not pass the filters any more, and a single server that goes is simply gone from the
// list. Default servers serve when nobody else does: when there never was one that could be kept, or when all said that
// they are not available.
class Pool {
 public:
  explicit Pool(PoolOptions options) : options_(std::move(options)) {}

  // All records of the service, in any order. Gives what routed() was before.
  Routed update(const std::vector<Record>& records);

  // What its predecessor, which had other options, knew: its servers stand until the first update(), and count as the
  // last state then.
  void inherit(const Pool& predecessor);

  // The registered name that first() of the correlated service gave; nothing when there is no such server.
  void exclude(std::optional<std::string> registered_name);

  // Valid until the next call of update() or exclude().
  const Routed& routed() const { return excluded_ ? correlated_ : snapshot_; }

  // The same before correlation.
  const Routed& uncorrelated() const { return snapshot_; }

  // The registered name of the server that stands first, before correlation.
  std::optional<std::string> first() const;

 private:
  using Address = std::tuple<std::string, std::string, int>;  // registered name, host, port

  void keep_vanished(Routed& fresh, const std::set<Address>& named) const;
  std::vector<RoutedServer> default_servers(Routed& fresh) const;
  std::vector<RoutedServer> leave_out_unfit(std::vector<RoutedServer>& servers, std::vector<LeftOut>& left_out) const;
  void route();

  PoolOptions options_;
  Routed snapshot_;  // before correlation
  std::optional<std::string> excluded_;
  Routed correlated_;  // without the excluded server, when there is one
};

}  // namespace synapse
