// synapse's command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "synapse/admin/commands.h"

namespace synapse {

struct CommandLine {
  std::string log_level;  // empty: what the configuration says
  std::string config_path;
  bool check = false;    // look at the configuration, run nothing
  bool strict = false;   // unknown keys are errors
  bool oneshot = false;  // read every service once, write what the routers make of it, and end
  std::chrono::milliseconds oneshot_timeout{10'000};  // how long that waits for the services

  std::optional<AdminCommand> admin;  // speak to the synapse that runs, instead of being it
};

// A number is the exit code: 0 when help or the version was printed, 2 when something is wrong.
[[nodiscard]] std::optional<int> parse_command_line(int argc, char** argv, const std::string& version,
                                                    CommandLine& line);

}  // namespace synapse
