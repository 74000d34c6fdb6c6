// From the records of one service to the servers that are routed: names made unique, order, correlation, and the
// fall-back policy. One Pool per service and router; owned by the router. Pure: no clock, no randomness of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/registration/registration.h"
#include "common/result.h"

namespace synapse {

// One child of the service's path, decoded once by the watcher.
struct Record {
  std::string child;
  common::Result<common::Registration> registration;  // or why it cannot be used
  std::int64_t created_ms = 0;                        // of the znode, since 1970
  std::int64_t created_zxid = 0;
};

struct RoutedServer {
  std::string name;             // unique in the service, fit for HAProxy
  std::string registered_name;  // what the record said
  std::string host;             // address or host name; resolving is the driver's
  int port = 0;
  int weight = 1;         // 0..256
  bool available = true;  // false (also at weight 0): kept in the list, to be routed as disabled
  std::string unavailable_reason;
  std::vector<std::string> options;  // the record's haproxy_server_options
  std::map<std::string, std::string> labels;
  std::int64_t created_ms = 0;
  std::int64_t created_zxid = 0;
  std::string child;

  friend bool operator==(const RoutedServer&, const RoutedServer&) = default;
};

enum class LeftOutBecause {
  invalid,     // the record cannot be read, or holds what must not get into a configuration
  duplicate,   // a newer record has the same name and address
  correlated,  // the configuration wants the first server of another service left out
};

struct LeftOut {
  std::string child;
  LeftOutBecause because;
  std::string reason;  // for people

  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

struct Routed {
  std::vector<RoutedServer> servers;  // in the order wanted
  std::vector<LeftOut> left_out;      // by child
  // What the registry says, whatever is routed; before correlation.
  int available = 0;
  int unavailable = 0;
  bool kept = false;  // the registry names no available server any more; vanished ones are kept

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
};

// When the registry names no available server any more, those that vanished from it stay: everything gone at once is
// more likely a fault of the registry than of all backends. A server that says itself that it is not available is taken
// at its word, and a single server that goes is simply gone from the list.
class Pool {
 public:
  explicit Pool(PoolOptions options) : options_(options) {}

  // All records of the service, in any order.
  void update(const std::vector<Record>& records);

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
  void keep_vanished(Routed& fresh) const;
  void route();

  PoolOptions options_;
  Routed snapshot_;  // before correlation
  std::optional<std::string> excluded_;
  Routed correlated_;  // without the excluded server, when there is one
};

}  // namespace synapse
