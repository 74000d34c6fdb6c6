#include "nerve/cli.h"

#include <CLI/CLI.hpp>

namespace nerve {

std::optional<int> parse_command_line(int argc, char** argv, const std::string& version, CommandLine& line) {
  CLI::App app("Checks local services and announces them in ZooKeeper.", "nerve");
  app.add_option("-L,--log-level", line.log_level, "Overrides logLevel of the configuration")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "fatal", "panic"}));
  app.set_version_flag("-V,--version", "nerve " + version);
  app.add_flag("--check", line.check, "Say whether the configuration is good, and end");
  app.add_flag("--strict", line.strict, "Unknown keys in the configuration are errors");
  app.add_option("CONFIG", line.config_path, "The configuration, YAML or JSON")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}

}  // namespace nerve
