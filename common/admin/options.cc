#include "common/admin/options.h"

#include <cstdint>

#include <CLI/CLI.hpp>

namespace common {
namespace {

constexpr double kLeastTimeout = 0.001;  // seconds
constexpr double kMostTimeout = 1e6;

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options, const std::string& default_place,
                       const std::string& config_help, const std::string& timeout_help) {
  command.add_option("--api", options.api, "HOST:PORT, unix:PATH or a path (" + default_place + ")");
  command.add_option("--config", options.config_path, config_help);
  command.add_option("--timeout", options.timeout_seconds, timeout_help)->type_name("SECONDS");
  command.add_flag("--json", options.json, "Print what the API answers");
}

std::string finish_admin_options(const CLI::App& command, AdminOptions& options) {
  if (command.count("--timeout") == 0) return "";
  if (!(options.timeout_seconds >= kLeastTimeout && options.timeout_seconds <= kMostTimeout)) {
    return "--timeout must be a number of seconds above 0";
  }
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout_seconds * 1000));
  return "";
}

}  // namespace common
