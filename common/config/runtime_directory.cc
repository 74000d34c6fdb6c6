#include "common/config/runtime_directory.h"

namespace common {

std::string runtime_directory(const std::string& program,
                              const std::function<std::optional<std::string>(const std::string&)>& lookup) {
  // systemd gives several, with colons between them, when the unit names several.
  if (const auto given = lookup("RUNTIME_DIRECTORY"); given && given->starts_with('/')) {
    return given->substr(0, given->find(':'));
  }
  if (const auto given = lookup("XDG_RUNTIME_DIR"); given && given->starts_with('/')) return *given + "/" + program;
  return "/run/" + program;
}

}  // namespace common
