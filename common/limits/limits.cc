#include "common/limits/limits.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace common {
namespace {

constexpr std::array kRows{
    LimitRow{Limit::blocking_threads, "blocking_threads", In::both},
    LimitRow{Limit::check_body, "check_body", In::nerve},
    LimitRow{Limit::children, "children", In::synapse},
    LimitRow{Limit::command_output, "command_output", In::both},
    LimitRow{Limit::file_bytes, "file_bytes", In::both},
    LimitRow{Limit::mending, "mending", In::nerve},
    LimitRow{Limit::resolver_names, "resolver_names", In::both},
    LimitRow{Limit::take_over, "take_over", In::nerve},
    LimitRow{Limit::told_troubles, "told_troubles", In::both},
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
