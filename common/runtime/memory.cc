#include "common/runtime/memory.h"

#include <cstdlib>
#include <malloc.h>
#include <new>
#include <string_view>
#include <unistd.h>

namespace common {
namespace {

// Allocates nothing.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view kWords = "out of memory; ending, so that a supervisor can start afresh\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

void prefer_little_memory() {
  constexpr int kLarge = 128 * 1024;  // glibc's own value, which it otherwise raises as large blocks are freed
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

void end_when_memory_is_out() {
  std::set_new_handler(end_without_memory);
}

}  // namespace common
