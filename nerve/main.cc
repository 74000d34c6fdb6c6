#include <cstdlib>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "common/file/write_atomically.h"
#include "common/telemetry/log.h"
#include "nerve/app.h"
#include "nerve/cli.h"
#include "nerve/config.h"

namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Nothing: it was said why.
std::optional<nerve::Config> load(const nerve::CommandLine& line) {
  const auto text = common::read_file(line.config_path);
  if (!text) {
    fmt::print(stderr, "error: {}\n", text.error().message);
    return std::nullopt;
  }
  auto parsed = nerve::parse_config(*text, line.config_path, environment, line.strict);
  for (const auto& warning : parsed.diagnostics.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const auto& error : parsed.diagnostics.errors) fmt::print(stderr, "error: {}\n", error);
  if (!parsed.diagnostics.ok()) return std::nullopt;
  const auto& copy_path = parsed.config.templated_config_path;
  if (!line.check && !copy_path.empty()) {
    // It may hold passwords that came from the environment.
    const auto written = common::write_atomically(copy_path, parsed.expanded, 0600);
    if (!written) fmt::print(stderr, "warning: templatedConfigPath: {}\n", written.error().message);
  }
  return std::move(parsed.config);
}

}  // namespace

int main(int argc, char** argv) {
  nerve::CommandLine line;
  if (const auto ended = nerve::parse_command_line(argc, argv, NERVE_VERSION, line)) return *ended;
  auto config = load(line);
  if (!config) return EXIT_FAILURE;
  if (line.check) {
    fmt::print("{}: good, {} service(s)\n", line.config_path, config->services.size());
    return EXIT_SUCCESS;
  }
  common::log::set_level(line.log_level.empty() ? config->log_level : line.log_level);
  nerve::App app(NERVE_VERSION);
  const auto started = app.start(*config);
  config.reset();  // the services have what they need
  if (started) return app.run();
  fmt::print(stderr, "error: {}\n", started.error().message);
  return EXIT_FAILURE;
}
