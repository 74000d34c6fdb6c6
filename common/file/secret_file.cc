#include "common/file/secret_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file/write_atomically.h"

namespace common {
namespace {

Result<void> judge(const struct stat& status, const std::string& path, const std::string& what, SecretReaders readers) {
  if (!S_ISREG(status.st_mode)) return fail(what + " must stand in a file; " + path + " is none");
  if (readers == SecretReaders::owner && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail("others can read or write " + what + " in " + path + "; run: chmod 600 " + path);
  }
  if ((status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    return fail("everybody can read, or others can write, " + what + " in " + path + "; run: chmod 600 " + path +
                " (of a Kubernetes secret: defaultMode: 0440)");
  }
  return {};
}

}  // namespace

Result<std::string> read_secret_file(const std::string& path, const std::string& what, std::size_t max_bytes,
                                     SecretReaders readers) {
  const auto failed = [&] { return fail("cannot read " + what + " in " + path + ": " + std::strerror(errno)); };
  // Opening a pipe would wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed();
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const auto error = failed();
    ::close(fd);
    return error;
  }
  if (const auto good = judge(status, path, what, readers); !good) {
    ::close(fd);
    return good.error();
  }
  auto text = read_open_file(fd, path, max_bytes);
  ::close(fd);
  if (!text) return fail("cannot read " + what + ": " + text.error().message);
  return text;
}

bool readable_by_others(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  if ((status.st_mode & S_IROTH) != 0) return true;
  return (status.st_mode & S_IRGRP) != 0 && status.st_uid == ::geteuid();
}

}  // namespace common
