#include "synapse/cli.h"

#include <cmath>

#include <CLI/CLI.hpp>

namespace synapse {
namespace {

using Kind = AdminCommand::Kind;

constexpr int kUsageError = 2;
constexpr auto kExitCodes =
    "Exit codes: 0 all is well; 1 a service without a server, a server that is out, a difference, not healthy, not "
    "ready, or no such service; 2 wrong usage; 3 synapse cannot be reached";

CLI::App& add_command(CLI::App& app, AdminCommand& command, Kind kind, const char* name, const char* description) {
  auto& subcommand = *app.add_subcommand(name, description);
  common::add_admin_options(subcommand, command, "127.0.0.1:3455", "Take the address from synapse's configuration",
                            "How long to wait for the answer (10)");
  subcommand.footer(kExitCodes);
  subcommand.final_callback([&command, kind] { command.kind = kind; });
  return subcommand;
}

void add_commands(CLI::App& app, AdminCommand& command) {
  auto& status = add_command(app, command, Kind::status, "status", "Show the services of the synapse that runs");
  status.add_option("SERVICE", command.service, "One service, with its servers");

  auto& explain = add_command(app, command, Kind::explain, "explain", "Say why a server is in or out");
  explain.add_option("SERVICE", command.service, "The service")->required();
  explain.add_option("SERVER", command.server, "Its name, its record or its address")->required();

  add_command(app, command, Kind::diff, "diff", "Show what is wanted and HAProxy does not have, and the reverse");
  add_command(app, command, Kind::health, "health", "Say whether synapse itself works, for a supervisor");
  add_command(app, command, Kind::ready, "ready", "Say whether every service was routed at least once");
}

// What CLI11 cannot say; empty: fine.
std::string finish(const CLI::App& subcommand, AdminCommand& command) {
  const auto problem = common::finish_admin_options(subcommand, command);
  if (!problem.empty()) return problem;
  const bool takes_service = command.kind == Kind::status || command.kind == Kind::explain;
  const bool names_service = takes_service && subcommand.count("SERVICE") > 0;
  if (names_service && command.service.empty()) return "SERVICE is empty";
  return command.kind == Kind::explain && command.server.empty() ? "SERVER is empty" : "";
}

}  // namespace

std::optional<int> parse_command_line(int argc, char** argv, const std::string& version, CommandLine& line) {
  CLI::App app("Watches services in ZooKeeper and keeps a local HAProxy in step with them.", "synapse");
  AdminCommand command;
  app.add_option("-L,--log-level", line.log_level, "Overrides logLevel of the configuration")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "fatal", "panic"}));
  app.set_version_flag("-V,--version", version);
  app.add_flag("--check", line.check, "Say whether the configuration is good, and end");
  app.add_flag("--strict", line.strict, "Unknown keys in the configuration are errors");
  double timeout_seconds = 0;
  auto* oneshot =
      app.add_flag("--oneshot", line.oneshot,
                   "Read every service once, print or write what the routers make of it, and end; HAProxy is "
                   "not touched. Exit code 0 when every service was known in time, else 1");
  auto* timeout = app.add_option("--timeout", timeout_seconds, "How long --oneshot waits for the services (10)")
                      ->type_name("SECONDS")
                      ->needs(oneshot)
                      ->check(CLI::Range(0.001, 86'400.0));
  app.add_option("CONFIG", line.config_path, "The configuration, YAML or JSON; one that is called status: ./status");
  app.require_subcommand(0, 1);
  add_commands(app, command);
  try {
    app.parse(argc, argv);
    const auto chosen = app.get_subcommands();
    if (timeout->count() > 0) line.oneshot_timeout = std::chrono::milliseconds(std::lround(timeout_seconds * 1000));
    if (chosen.empty() && line.config_path.empty()) throw CLI::RequiredError("CONFIG, or a command,");
    if (!chosen.empty()) {
      if (!line.config_path.empty() || !line.log_level.empty() || line.check || line.strict || line.oneshot) {
        throw CLI::ValidationError(chosen.front()->get_name() + " takes its own options, which stand behind it",
                                   CLI::ExitCodes::ValidationError);
      }
      const auto problem = finish(*chosen.front(), command);
      if (!problem.empty()) throw CLI::ValidationError(problem, CLI::ExitCodes::ValidationError);
      line.admin = command;
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  return std::nullopt;
}

}  // namespace synapse
