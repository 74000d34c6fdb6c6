#include <cstdio>
#include <cstdlib>
#include <string>

#include <CLI/CLI.hpp>

#include "common/config/runtime_directory.h"
#include "common/file/write_atomically.h"
#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/app.h"
#include "synapse/config.h"

namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Watches services in ZooKeeper and keeps a local HAProxy in step with them.", "synapse");
  std::string file;
  std::string level;
  bool check = false;
  bool strict = false;
  cli.add_option("CONFIG", file, "Configuration file, YAML or JSON")->required();
  cli.add_option("-L,--log-level", level, "trace, debug, info, warn or error; overrides logLevel");
  cli.add_flag("--check", check, "Read the configuration, say what is wrong with it, and end");
  cli.add_flag("--strict", strict, "Unknown keys are errors, not warnings");
  cli.set_version_flag("-V,--version", synapse::version(), "Print the version and end");
  CLI11_PARSE(cli, argc, argv);

  const auto text = common::read_file(file);
  if (!text) {
    std::fprintf(stderr, "%s\n", text.error().message.c_str());
    return 1;
  }
  auto parsed = synapse::parse_config(*text, file,
                                      {.strict = strict,
                                       .runtime_dir = common::runtime_directory("synapse", environment),
                                       .read_file = [](const std::string& path) { return common::read_file(path); }});
  for (const auto& warning : parsed.diagnostics.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  for (const auto& error : parsed.diagnostics.errors) std::fprintf(stderr, "error: %s\n", error.c_str());
  if (!parsed.config) return 1;
  if (!common::log::set_level(level.empty() ? parsed.config->log_level : level)) {
    std::fprintf(stderr, "error: unknown log level \"%s\"\n", level.c_str());
    return 1;
  }
  if (check) {
    std::printf("%s is in order\n", file.c_str());
    return 0;
  }
  return synapse::App(std::move(*parsed.config)).run();
}
