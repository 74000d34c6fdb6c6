// The options of a command line that asks a running program. Pure but for CLI11, which prints.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace common {

struct AdminOptions {
  std::string api;          // --api; empty: as the configuration says
  std::string config_path;  // --config; empty: there is none
  std::optional<std::chrono::milliseconds> timeout;
  bool json = false;

  double timeout_seconds = 0;  // as it was written
};

// `default_place`: where the program listens when nothing is said; `config_help`: what is taken from the configuration.
void add_admin_options(CLI::App& command, AdminOptions& options, const std::string& default_place,
                       const std::string& config_help, const std::string& timeout_help);

// What CLI11 cannot say; empty: fine.
[[nodiscard]] std::string finish_admin_options(const CLI::App& command, AdminOptions& options);

}  // namespace common
