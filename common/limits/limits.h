// The bounds that input from outside can hit, each with a name, and how often that has happened. One list for both
// programs, so that the label of `nerve_limit_hit_total` and `synapse_limit_hit_total` is a closed set. As the log, the
// counts are of the process: what is bounded lies deep, and should not need to be handed a counter. A bound whose being
// hit is ordinary (a queue that lets others wait, a log that drops its oldest line) is none of these.
// Pure; call from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace common {

enum class Limit {
  api_connections,   // the admin API: one more connection than it has room for
  api_header,        // a request whose header is too long: 431
  api_body,          // a request whose body is too long: 413
  blocking_threads,  // something that may block waits, because all threads of its pool are busy
  command_output,    // a command said more than is kept
  commands_at_once,  // a command waits, because so many others run
  state_bytes,       // what an earlier life saved is too long to be read
  // Only synapse has these.
  node_children,          // more nodes below a path than are read
  record_bytes,           // a record is longer than any real one
  service_servers,        // more servers in a service than are routed
  source_bytes,           // a file with servers is too long to be read
  dns_targets,            // more targets of an SRV record than are looked up
  told_troubles,          // so many records are in trouble that no more are told singly
  haproxy_reply_bytes,    // HAProxy's answer is too long to be read
  haproxy_command_bytes,  // a server whose words are too long for HAProxy's socket: it costs a reload
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
