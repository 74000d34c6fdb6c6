// What became of the servers of the services: those that are there, since when they are as they are, and those that
// went, with the reason. Tells what changed from one state of a service to the next. Bounded: of each service the last
// hundred that went are remembered. Owned by App. Pure: the time is an argument.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

using WallTime = std::chrono::system_clock::time_point;

// A server that was routed and is not any more.
struct GoneServer {
  std::string name;
  std::string child;  // the record
  std::string host;
  int port = 0;
  int weight = 0;
  WallTime since;      // when it was found out
  std::string kind;    // "gone", or as kind_of() says of records that were left out
  std::string reason;  // why, for people
  std::string last;    // what it last said of itself when it was not available

  friend bool operator==(const GoneServer&, const GoneServer&) = default;
};

// Why a record is left out, as a word of the API.
[[nodiscard]] std::string_view kind_of(LeftOutBecause because);

class History {
 public:
  // A routed server.
  struct Present {
    std::string child;
    std::string name;
    std::string host;
    int port = 0;
    int weight = 0;
    bool available = true;
    bool recorded = true;  // it had a record at some time; a default server never has
    bool kept = false;     // its record is gone, or not readable
    std::string reason;    // why it is not available
    WallTime since;        // of `available` and `kept`

    friend bool operator==(const Present&, const Present&) = default;
  };

  struct Change {
    std::string server;
    std::string what;  // "server", "weight", "address"
    std::string old_value;
    std::string new_value;
    std::string reason;

    friend bool operator==(const Change&, const Change&) = default;
  };

  // The state of a service from now on: what its source has (null: what it had), and what is routed of it. Gives what
  // is different, in no particular order; nothing for the first state of a service. `service` is any name that is
  // unique.
  std::vector<Change> update(const std::string& service, const std::vector<Record>* records, const Routed& routed,
                             WallTime now);

  void forget(const std::string& service);

  // Null: nobody of that child or name. Valid until the next update() of the service.
  const Present* present(const std::string& service, std::string_view child) const;
  const GoneServer* gone(const std::string& service, std::string_view name) const;

  // The last one first.
  std::vector<GoneServer> gone(const std::string& service) const;

 private:
  struct Service {
    std::vector<Present> present;  // by child
    std::deque<GoneServer> gone;   // the oldest first
  };

  std::map<std::string, Service, std::less<>> services_;
};

}  // namespace synapse
