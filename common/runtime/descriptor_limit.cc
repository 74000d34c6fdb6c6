#include "common/runtime/descriptor_limit.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace common {

void raise_descriptor_limit() {
  constexpr rlim_t kEnough = 65536;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(limit.rlim_max, kEnough);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

bool descriptors_left(int count) {
  bool left = true;
  std::vector<int> opened;
  for (int i = 0; i < count; ++i) {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      // Without that file nobody can tell.
      left = errno != EMFILE && errno != ENFILE;
      break;
    }
    opened.push_back(descriptor);
  }
  for (const int descriptor : opened) ::close(descriptor);
  return left;
}

}  // namespace common
