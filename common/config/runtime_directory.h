// Where a program keeps what is its own.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace common {

// For what must not outlive the machine's run: what systemd gave (RUNTIME_DIRECTORY), else $XDG_RUNTIME_DIR/<program>,
// else /run/<program>. `lookup` reads the environment.
[[nodiscard]] std::string runtime_directory(
    const std::string& program, const std::function<std::optional<std::string>(const std::string&)>& lookup);

// For what may outlive the machine's run: what systemd gave (STATE_DIRECTORY), else runtime_directory().
[[nodiscard]] std::string state_directory(const std::string& program,
                                          const std::function<std::optional<std::string>(const std::string&)>& lookup);

}  // namespace common
