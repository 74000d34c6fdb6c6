#include "nerve/report/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file/write_atomically.h"

namespace nerve {
namespace {

using common::Result;

common::Error failure(const std::string& path, const char* what) {
  return common::fail(std::string("cannot ") + what + " " + path + ": " + std::strerror(errno));
}

bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

Result<void> append_to(const std::string& path, std::string_view text) {
  // A pipe without a reader must not hold us up.
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
  if (file < 0) return failure(path, "open");
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto error = failure(path, "write to");
      ::close(file);
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
  return {};
}

}  // namespace

Result<void> write_to_file(const FileOptions& options, const std::optional<common::Registration>& record) {
  if (options.append) {
    if (!record) return {};
    return append_to(options.path, common::encode(*record) + "\n");
  }
  const std::string content = record && record->available ? common::encode(*record) + "\n" : "";
  if (is_special(options.path)) return append_to(options.path, content);
  return common::write_atomically(options.path, content);
}

}  // namespace nerve
