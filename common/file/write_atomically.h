// Files that others read while we replace them.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "common/result.h"

namespace common {

// Writes a temporary file beside `path`, syncs it, gives it `mode`, and renames it over `path`: a reader sees the old
// content or the new, never a part. On an error nothing has changed and no temporary file stays. Blocks for the time
// of a disk sync.
[[nodiscard]] Result<void> write_atomically(const std::string& path, std::string_view content, mode_t mode = 0644);

// Removes the temporary files beside `path` of processes that were killed while they wrote. Only for who is alone with
// the path.
void remove_unfinished(const std::string& path);

// The whole file, refused above `max_bytes`. The error names the path and the system's reason.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes = 16 * 1024 * 1024);

// What is left to read of an open file, which stays open; `path` is for the error.
[[nodiscard]] Result<std::string> read_open_file(int fd, const std::string& path, std::size_t max_bytes);

}  // namespace common
