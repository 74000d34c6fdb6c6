// Where a program keeps what must not outlive the machine's run.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace common {

// What systemd gave (RUNTIME_DIRECTORY), else $XDG_RUNTIME_DIR/<program>, else /run/<program>. `lookup` reads the
// environment.
[[nodiscard]] std::string runtime_directory(
    const std::string& program, const std::function<std::optional<std::string>(const std::string&)>& lookup);

}  // namespace common
