#include "common/limits/limits.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace common {
namespace {

constexpr std::array kRows{
    LimitRow{Limit::api_connections, "api_connections", true},
    LimitRow{Limit::api_header, "api_header", true},
    LimitRow{Limit::api_body, "api_body", true},
    LimitRow{Limit::blocking_threads, "blocking_threads", true},
    LimitRow{Limit::command_output, "command_output", true},
    LimitRow{Limit::commands_at_once, "commands_at_once", true},
    LimitRow{Limit::state_bytes, "state_bytes", true},
    LimitRow{Limit::node_children, "node_children", false},
    LimitRow{Limit::record_bytes, "record_bytes", false},
    LimitRow{Limit::service_servers, "service_servers", false},
    LimitRow{Limit::source_bytes, "source_bytes", false},
    LimitRow{Limit::dns_targets, "dns_targets", false},
    LimitRow{Limit::told_troubles, "told_troubles", false},
    LimitRow{Limit::haproxy_reply_bytes, "haproxy_reply_bytes", false},
    LimitRow{Limit::haproxy_command_bytes, "haproxy_command_bytes", false},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].limit) != i) return false;
  }
  return true;
}
static_assert(in_order(), "a row's place is its enumerator's value");

std::atomic<std::uint64_t>& hits_of(Limit limit) noexcept {
  static std::array<std::atomic<std::uint64_t>, kRows.size()> hits{};
  return hits[static_cast<std::size_t>(limit)];
}

}  // namespace

std::span<const LimitRow> limits() {
  return kRows;
}

void limit_hit(Limit limit) noexcept {
  hits_of(limit).fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t limit_hits(Limit limit) noexcept {
  return hits_of(limit).load(std::memory_order_relaxed);
}

}  // namespace common
