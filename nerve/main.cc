#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "common/runtime/core_dumps.h"
#include "common/runtime/memory.h"
#include "common/telemetry/log.h"
#include "nerve/app.h"
#include "nerve/cli.h"
#include "nerve/config_files.h"

namespace {

// Nothing: it was said why.
std::optional<nerve::ParsedConfig> load(const nerve::ConfigFiles& files, bool keep) {
  auto parsed = files.load();
  for (const auto& warning : parsed.diagnostics.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const auto& error : parsed.diagnostics.errors) fmt::print(stderr, "error: {}\n", error);
  if (!parsed.diagnostics.ok()) return std::nullopt;
  if (keep) {
    const auto kept = nerve::ConfigFiles::keep_expanded(parsed);
    if (!kept) fmt::print(stderr, "warning: templatedConfigPath: {}\n", kept.error().message);
  }
  return parsed;
}

}  // namespace

int main(int argc, char** argv) {
  common::allow_core_dumps(false);  // before the first secret is read
  nerve::CommandLine line;
  if (const auto ended = nerve::parse_command_line(argc, argv, NERVE_VERSION, line)) return *ended;
  if (line.admin) return nerve::run_admin_command(*line.admin);
  common::end_when_memory_is_out();
  common::prefer_little_memory();
  nerve::ConfigFiles files(line.config_path, line.strict);
  auto parsed = load(files, !line.check);
  if (!parsed) return EXIT_FAILURE;
  if (line.check) {
    fmt::print("{} is good: {} service(s)\n", line.config_path, parsed->config.services.size());
    return EXIT_SUCCESS;
  }
  common::allow_core_dumps(parsed->config.core_dumps);
  common::log::set_level(line.log_level.empty() ? parsed->config.log_level : line.log_level);
  nerve::App app(NERVE_VERSION, std::move(files), line.log_level);
  const auto started = app.start(*parsed);
  parsed.reset();  // the services have what they need
  if (started) return app.run();
  fmt::print(stderr, "error: {}\n", started.error().message);
  return EXIT_FAILURE;
}
