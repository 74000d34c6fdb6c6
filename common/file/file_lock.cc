#include "common/file/file_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace common {

Result<std::unique_ptr<FileLock>> FileLock::claim(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail("cannot open " + path + ": " + std::strerror(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<FileLock>(new FileLock(descriptor));
  const int lock_errno = errno;
  ::close(descriptor);
  if (lock_errno == EWOULDBLOCK) return std::unique_ptr<FileLock>();
  return fail("cannot lock " + path + ": " + std::strerror(lock_errno));
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace common
