#include "common/config/runtime_directory.h"

namespace common {
namespace {

using Lookup = std::function<std::optional<std::string>(const std::string&)>;

// systemd gives several, with colons between them, when the unit names several.
std::optional<std::string> given_by_systemd(const char* variable, const Lookup& lookup) {
  const auto given = lookup(variable);
  if (!given || !given->starts_with('/')) return std::nullopt;
  return given->substr(0, given->find(':'));
}

}  // namespace

std::string runtime_directory(const std::string& program, const Lookup& lookup) {
  if (auto given = given_by_systemd("RUNTIME_DIRECTORY", lookup)) return *given;
  if (const auto given = lookup("XDG_RUNTIME_DIR"); given && given->starts_with('/')) return *given + "/" + program;
  return "/run/" + program;
}

std::string state_directory(const std::string& program, const Lookup& lookup) {
  if (auto given = given_by_systemd("STATE_DIRECTORY", lookup)) return *given;
  return runtime_directory(program, lookup);
}

}  // namespace common
