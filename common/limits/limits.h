// The bounds that input from outside can hit, each with a name, and how often that has happened. One list for both
// programs, so that the label of `nerve_limit_hit_total` and `synapse_limit_hit_total` is a closed set. As the log, the
// counts are of the process: what is bounded lies deep, and should not need to be handed a counter. A bound behind which
// things wait for each other only (reads of ZooKeeper, exec checks), or that drops what is old by design (the events),
// is none of these; the threads are one, because what has them may keep them for as long as a name server is silent.
// Pure; call from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace common {

enum class Limit {
  blocking_threads,  // something that may block waits, because all threads of its pool are busy
  children,          // a path in ZooKeeper has more nodes, or longer ones, than are used; only synapse has it
  file_bytes,        // a file is too long to be read
  resolver_names,    // more host names than are remembered: the oldest one is looked up again
  told_troubles,     // more troubles at once than are told singly; only synapse has it
};

struct LimitRow {
  Limit limit;
  std::string_view name;  // as the label says
  bool in_nerve;          // synapse has all of them
};

// Every one, in the order of the enumeration.
[[nodiscard]] std::span<const LimitRow> limits();

void limit_hit(Limit limit) noexcept;
[[nodiscard]] std::uint64_t limit_hits(Limit limit) noexcept;

}  // namespace common
