// nerve's command line.
#pragma once

#include <optional>
#include <string>

namespace nerve {

struct CommandLine {
  std::string log_level;  // empty: what the configuration says
  std::string config_path;
  bool check = false;   // look at the configuration, run nothing
  bool strict = false;  // unknown keys are errors
};

// A number is the exit code: help or the version was printed, or what is wrong.
[[nodiscard]] std::optional<int> parse_command_line(int argc, char** argv, const std::string& version,
                                                    CommandLine& line);

}  // namespace nerve
