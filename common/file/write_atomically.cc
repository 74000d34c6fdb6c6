#include "common/file/write_atomically.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "common/limits/limits.h"

namespace common {
namespace {

namespace fs = std::filesystem;

// Behind the path; the letters are replaced. Words that nobody gives a file of his own.
constexpr std::string_view kTemporary = ".unfinished-";
constexpr std::string_view kLetters = "XXXXXX";

Error failed(const std::string& what, const std::string& path) {
  return fail("cannot " + what + " " + path + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<void> write_atomically(const std::string& path, std::string_view content, mode_t mode) {
  std::string temporary = path + std::string(kTemporary) + std::string(kLetters);
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return failed("create a temporary file beside", path);
  const bool written = write_all(fd, content) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  const int write_errno = errno;
  ::close(fd);
  if (!written) {
    ::unlink(temporary.c_str());
    errno = write_errno;
    return failed("write", path);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int rename_errno = errno;
    ::unlink(temporary.c_str());
    errno = rename_errno;
    return failed("replace", path);
  }
  return {};
}

void remove_unfinished(const std::string& path) {
  const fs::path whole(path);
  const auto directory = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  const auto prefix = whole.filename().string() + std::string(kTemporary);
  std::vector<fs::path> unfinished;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    const bool ours = name.starts_with(prefix) && name.size() == prefix.size() + kLetters.size();
    if (ours && entry->is_regular_file(error)) unfinished.push_back(entry->path());
  }
  for (const auto& each : unfinished) fs::remove(each, error);
}

Result<std::string> read_open_file(int fd, const std::string& path, std::size_t max_bytes) {
  std::string content;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) return content;
    content.append(chunk.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      limit_hit(Limit::file_bytes);
      return fail(path + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open", path);
  auto content = read_open_file(fd, path, max_bytes);
  ::close(fd);
  return content;
}

}  // namespace common
