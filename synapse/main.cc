#include <cstddef>
#include <cstdlib>
#include <utility>

#include <fmt/core.h>

#include "common/runtime/core_dumps.h"
#include "common/runtime/memory.h"
#include "common/telemetry/log.h"
#include "synapse/api.h"
#include "synapse/app.h"
#include "synapse/cli.h"
#include "synapse/config_files.h"
#include "synapse/oneshot.h"

int main(int argc, char** argv) {
  common::allow_core_dumps(false);  // before the first secret is read
  synapse::CommandLine line;
  if (const auto ended = synapse::parse_command_line(argc, argv, synapse::version(), line)) return *ended;
  if (line.admin) return synapse::run_admin_command(*line.admin);
  common::prefer_little_memory();
  common::end_when_memory_is_out();
  synapse::ConfigFiles files(line.config_path, line.strict);
  auto parsed = files.load();
  for (const auto& warning : parsed.diagnostics.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const auto& error : parsed.diagnostics.errors) fmt::print(stderr, "error: {}\n", error);
  if (!parsed.config) return EXIT_FAILURE;
  if (line.check) {
    std::size_t services = 0;
    for (const auto& router : parsed.config->routers) services += router.services.size();
    fmt::print("{} is good: {} service(s)\n", line.config_path, services);
    return EXIT_SUCCESS;
  }
  common::allow_core_dumps(parsed.config->core_dumps);
  common::log::set_level(line.log_level.empty() ? parsed.config->log_level : line.log_level);
  if (line.oneshot) return synapse::Oneshot(*parsed.config, line.oneshot_timeout).run();
  synapse::App app(std::move(files), line.log_level);
  const bool started = app.start(parsed);
  parsed = {};  // the app has what it needs
  return started ? app.run() : EXIT_FAILURE;
}
