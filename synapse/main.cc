#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "common/runtime/memory.h"
#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/app.h"
#include "synapse/config_files.h"
#include "synapse/oneshot.h"

int main(int argc, char** argv) {
  common::prefer_little_memory();
  CLI::App cli("Watches services in ZooKeeper and keeps a local HAProxy in step with them.", "synapse");
  std::string file;
  std::string level;
  bool check = false;
  bool strict = false;
  bool oneshot = false;
  double timeout_s = 10;
  cli.add_option("CONFIG", file, "Configuration file, YAML or JSON")->required();
  cli.add_option("-L,--log-level", level, "trace, debug, info, warn or error; overrides logLevel");
  cli.add_flag("--check", check, "Read the configuration, say what is wrong with it, and end");
  cli.add_flag("--strict", strict, "Unknown keys are errors, not warnings");
  auto* once = cli.add_flag("--oneshot", oneshot,
                            "Read every service once, print or write what the routers make of it, and end; HAProxy is "
                            "not touched. Exit status 0 when every service was known in time");
  cli.add_option("--timeout", timeout_s, "How long --oneshot waits for the services, in seconds (10)")
      ->needs(once)
      ->check(CLI::Range(0.001, 86'400.0));
  cli.set_version_flag("-V,--version", synapse::version(), "Print the version and end");
  CLI11_PARSE(cli, argc, argv);

  synapse::ConfigFiles files(file, strict);
  auto parsed = files.load();
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
  if (oneshot) {
    return synapse::Oneshot(*parsed.config, std::chrono::milliseconds(static_cast<long>(timeout_s * 1000))).run();
  }
  synapse::App app(std::move(files), level);
  return app.start(parsed) ? app.run() : 1;
}
