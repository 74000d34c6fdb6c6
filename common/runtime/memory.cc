#include "common/runtime/memory.h"

#include <malloc.h>

namespace common {

void prefer_little_memory() {
  constexpr int kLarge = 128 * 1024;  // glibc's own value, which it otherwise raises as large blocks are freed
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

}  // namespace common
