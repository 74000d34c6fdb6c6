// Whether the registry is believed when many servers of a service vanish from it at once: they stay in service for as
// long as somebody else, HAProxy's own check, finds them alive. One Hold per service, behind its Pool; owned by the
// unit. Pure: the time and the answers about health are arguments.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

// What whoever routes to a server says of it.
enum class Liveness {
  alive,
  dead,
  unknown,    // not asked at the moment: it is out of service, or nobody answers
  unchecked,  // nobody checks it
};

struct HoldOptions {
  int below_percent = 0;  // more than this share must vanish within the window; 0: the registry is always believed
  std::chrono::milliseconds window{0};
  // The source is one of several in turn, known by what stands before the "/" in a record's child: the servers of one
  // that is not asked any more have not vanished.
  bool sources_in_turn = false;
};

// A server that is held no longer.
struct Release {
  std::string server;
  std::string why;  // for people

  friend bool operator==(const Release&, const Release&) = default;
};

// Counted are available servers that vanish without a word, and those whose record cannot be read any more. A server
// that said that it is unavailable, or that the configuration leaves out, has not vanished. What went before the share
// was exceeded, but within the window, comes back. Who is dead, or checked by nobody, is let go.
class Hold {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using LivenessOf = std::function<Liveness(const std::string& server)>;

  // What was decided when too many vanished.
  struct Alarm {
    std::size_t vanished = 0;
    std::size_t of = 0;
  };

  explicit Hold(HoldOptions options) : options_(options) {}

  // The state as the pool routes it. The answer, with those that are held behind all others, is valid until the next
  // call, or until `routed` changes.
  const Routed& update(const Routed& routed, Moment now, const LivenessOf& health);

  // Asks again about those that are held. True when one of them was let go: route again.
  bool review(const LivenessOf& health);

  // Of a service's earlier configuration, with the same source.
  void inherit(const Hold& predecessor);

  std::vector<RoutedServer> held_servers() const;
  std::size_t held() const;
  bool active() const { return held() != 0; }

  // What happened since the last call of each.
  std::optional<Alarm> take_alarm();
  std::vector<Release> take_releases();

 private:
  enum class Fate { pending, held, let_go };
  struct Gone {
    RoutedServer server;
    Moment since;
    Fate fate = Fate::pending;
  };

  void drop_other_sources(const Routed& routed);
  void note_vanished(const Routed& routed, Moment now);
  void drop_replaced(const Routed& routed);
  void judge(Gone& gone, const LivenessOf& health);

  HoldOptions options_;
  std::vector<RoutedServer> last_;  // the available ones of the last state
  std::vector<Gone> gone_;          // within the window, or held
  Routed with_held_;
  std::optional<Alarm> alarm_;
  std::vector<Release> releases_;
};

}  // namespace synapse
