#include "common/runtime/memory.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <link.h>
#include <malloc.h>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace common {
namespace {

// Allocates nothing.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view kWords = "out of memory; ending, so that a supervisor can start afresh\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  std::_Exit(EXIT_FAILURE);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// Segments that cannot be written hold nothing but what stands in the file.
[[maybe_unused]] int unmap_unchanged(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const std::uintptr_t first = begin / page * page;
    ::madvise(reinterpret_cast<void*>(first), begin + segment.p_memsz - first, MADV_DONTNEED);
  }
  return 0;
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

void give_back_memory() {
  ::malloc_trim(0);
  // A sanitizer's own code runs in the middle of everything.
  if (!kSanitized) ::dl_iterate_phdr(unmap_unchanged, nullptr);
}

}  // namespace common
