// The bounds that input from outside can hit, each with a name, and how often that has happened. One list for both
// programs, so that the label of `nerve_limit_hit_total` and `synapse_limit_hit_total` is a closed set. As the log, the
// counts are of the process: what is bounded lies deep, and should not need to be handed a counter. A bound behind
// which things wait for each other only (reads of ZooKeeper, exec checks), or that drops what is old by design (the
// events), is none of these; the threads are one, because what has them may keep them for as long as a name server is
// silent. Pure; call from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace common {

enum class Limit {
  blocking_threads,  // something that may block waits, because all threads of its pool are busy
  check_body,        // the part of a body that an http check reads does not have what is expected of the whole
  children,          // a path in ZooKeeper has more nodes, or longer ones, than are used
  command_output,    // a command that failed, or HAProxy, has said more than is kept
  file_bytes,        // a file is too long to be read
  mending,           // our node is changed by somebody again and again: it is mended later
  resolver_names,    // more host names than are remembered: the oldest one is looked up again
  take_over,         // our node is taken by somebody again and again: it is taken back later
  told_troubles,     // more troubles at once than are told singly
};

enum class In { both, nerve, synapse };

struct LimitRow {
  Limit limit;
  std::string_view name;  // as the label says
  In in;                  // the programs that can hit it
};

// Every one, in the order of the enumeration.
[[nodiscard]] std::span<const LimitRow> limits();

void limit_hit(Limit limit) noexcept;
[[nodiscard]] std::uint64_t limit_hits(Limit limit) noexcept;

}  // namespace common
