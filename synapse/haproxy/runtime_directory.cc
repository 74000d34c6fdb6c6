#include "synapse/haproxy/runtime_directory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace synapse::haproxy {

using common::fail;
using common::Result;

Result<std::unique_ptr<RuntimeDirectory>> RuntimeDirectory::claim(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return fail("cannot create runtimeDir " + path + ": " + error.message() + "; create it, or set runtimeDir");
  }
  const std::string lock = path + "/synapse.lock";
  const int descriptor = ::open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail("cannot write in runtimeDir " + path + ": " + std::strerror(errno) +
                "; set runtimeDir to a directory of this user");
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    return std::unique_ptr<RuntimeDirectory>(new RuntimeDirectory(descriptor));
  }
  ::close(descriptor);
  return fail("another synapse uses runtimeDir " + path + "; stop it, or give each a runtimeDir of its own");
}

RuntimeDirectory::~RuntimeDirectory() {
  ::close(descriptor_);
}

}  // namespace synapse::haproxy
