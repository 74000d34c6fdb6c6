// What became of the servers of a router's services: since when one is unavailable or without its record, and which
// went and why. Tells what changed from one state of a service to the next. Bounded: of each service the last hundred
// that went are remembered. Owned by Unit. Pure: the time is an argument.
#pragma once

#include <chrono>
#include <deque>
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
  // What there is to remember of a routed server that is not simply in.
  struct Note {
    enum class State { unavailable, kept };

    State state = State::unavailable;
    WallTime since;

    friend bool operator==(const Note&, const Note&) = default;
  };

  struct Change {
    std::string server;
    std::string what;  // "server", "weight", "address"
    std::string old_value;
    std::string new_value;
    std::string reason;

    friend bool operator==(const Change&, const Change&) = default;
  };

  // A service was routed one way and is now routed another one; `records`: what its source has (null: what it had).
  // Gives what is different, in no particular order; nothing for the first state of a service. `service` is any name
  // that is unique.
  std::vector<Change> update(const std::string& service, const Routed& before, const Routed& after,
                             const std::vector<Record>* records, WallTime now);

  void forget(const std::string& service);

  // Null: there is none. Valid until the next update() of the service.
  const Note* note(const std::string& service, const std::string& child) const;
  // By the server's name, or by its record's.
  const GoneServer* gone(const std::string& service, std::string_view name) const;

  // The last one first.
  std::vector<GoneServer> gone(const std::string& service) const;

 private:
  struct Service {
    std::map<std::string, Note> notes;  // by child
    std::deque<GoneServer> gone;        // the oldest first
  };
  class Update;

  const Service* find(const std::string& service) const;

  std::map<std::string, Service> services_;
};

}  // namespace synapse
