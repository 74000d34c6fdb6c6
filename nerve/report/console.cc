#include "nerve/report/console.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>

namespace nerve {

common::Result<void> write_to_console(const std::optional<common::Registration>& record) {
  if (!record) return {};
  const std::string line = common::encode(*record) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return common::fail(std::string("cannot write to stdout: ") + std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace nerve
