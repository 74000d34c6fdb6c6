#include "common/file/file_lock.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace common {
namespace {

constexpr std::chrono::milliseconds kPatience{1'000};
constexpr std::chrono::milliseconds kPause{10};

}  // namespace

Result<std::unique_ptr<FileLock>> FileLock::claim(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail("cannot open " + path + ": " + std::strerror(errno));
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    const int lock_errno = errno;
    ::close(descriptor);
    if (lock_errno == EWOULDBLOCK) return std::unique_ptr<FileLock>();
    return fail("cannot lock " + path + ": " + std::strerror(lock_errno));
  }
  return std::unique_ptr<FileLock>(new FileLock(descriptor));
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace common
