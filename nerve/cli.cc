#include "nerve/cli.h"

#include <CLI/CLI.hpp>

#include "common/admin/options.h"
#include "common/digits.h"

namespace nerve {
namespace {

using Kind = AdminCommand::Kind;

constexpr int kUsageError = 2;
constexpr auto kExitCodes =
    "Exit codes: 0 done; 1 not available, not healthy, refused, interrupted or not over in time; 2 wrong usage; 3 "
    "nerve cannot be "
    "reached";

// What the subcommands leave here.
struct Arguments {
  AdminCommand command;
  bool all = false;
  std::string first;  // of weight: NAME, or N with --all
  std::string second;
};

CLI::App& add_command(CLI::App& app, Arguments& arguments, Kind kind, const char* name, const char* description) {
  AdminCommand& command = arguments.command;
  const char* timeout_help = kind == Kind::disable ? "How long to wait until it may be stopped (as long as it takes)"
                                                   : "How long to wait for the answer (10)";
  auto& subcommand = *app.add_subcommand(name, description);
  common::add_admin_options(subcommand, command, "127.0.0.1:3454", "Take address and token from nerve's configuration",
                            timeout_help);
  subcommand.add_option("--token-file", command.token_file, "The file with the API's token");
  subcommand.footer(kExitCodes);
  subcommand.final_callback([&command, kind] { command.kind = kind; });
  return subcommand;
}

void add_commands(CLI::App& app, Arguments& arguments) {
  AdminCommand& command = arguments.command;
  auto& status = add_command(app, arguments, Kind::status, "status", "Show the services of the nerve that runs");
  status.add_option("NAME", command.service, "One service, with its checks");

  add_command(app, arguments, Kind::health, "health", "Say whether nerve itself works, for a supervisor");

  auto& disable =
      add_command(app, arguments, Kind::disable, "disable", "Take a service out, and return when it may be stopped");
  disable.add_option("NAME", command.service, "The service");
  disable.add_flag("--all", arguments.all, "All services but those that are excluded");
  disable.add_flag("--shutdown", command.shutdown, "Run disableShutdownCommand, too");

  auto& enable = add_command(app, arguments, Kind::enable, "enable", "Take a service in again");
  enable.add_option("NAME", command.service, "The service");
  enable.add_flag("--all", arguments.all, "All services");
  enable.add_flag("--force", command.force, "Whatever the checks say");

  auto& weight = add_command(app, arguments, Kind::weight, "weight", "Set the weight of a service");
  weight.add_option("NAME", arguments.first, "The service");
  weight.add_option("N", arguments.second, "Its full weight, 1 to 255");
  weight.add_flag("--all", arguments.all, "All services: weight --all N");
}

// What CLI11 cannot say; empty: fine.
std::string finish(const CLI::App& subcommand, Arguments& arguments) {
  AdminCommand& command = arguments.command;
  const auto problem = common::finish_admin_options(subcommand, command);
  if (!problem.empty()) return problem;
  if (command.kind == Kind::weight) {
    if (arguments.first.empty() || arguments.second.empty() != arguments.all) {
      return "weight needs NAME and N, or --all and N";
    }
    if (!arguments.all) command.service = arguments.first;
    const std::string& weight = arguments.all ? arguments.first : arguments.second;
    const auto number = common::number_in(weight, 1, 255);
    if (!number) return "the weight must be a whole number from 1 to 255, got " + weight;
    command.weight = *number;
  }
  if (command.kind == Kind::status && subcommand.count("NAME") > 0 && command.service.empty()) return "NAME is empty";
  const bool changes = command.kind != Kind::status && command.kind != Kind::health;
  if (changes && command.service.empty() != arguments.all) {
    return subcommand.get_name() + " needs either NAME or --all";
  }
  return "";
}

}  // namespace

std::optional<int> parse_command_line(int argc, char** argv, const std::string& version, CommandLine& line) {
  CLI::App app("Checks local services and announces them in ZooKeeper.", "nerve");
  Arguments arguments;
  app.add_option("-L,--log-level", line.log_level, "Overrides logLevel of the configuration")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "fatal", "panic"}));
  app.set_version_flag("-V,--version", "nerve " + version);
  app.add_flag("--check", line.check, "Say whether the configuration is good, and end");
  app.add_flag("--strict", line.strict, "Unknown keys in the configuration are errors");
  app.add_option("CONFIG", line.config_path, "The configuration, YAML or JSON; one that is called status: ./status");
  app.require_subcommand(0, 1);
  add_commands(app, arguments);
  try {
    app.parse(argc, argv);
    const auto chosen = app.get_subcommands();
    if (chosen.empty() && line.config_path.empty()) throw CLI::RequiredError("CONFIG, or a command,");
    if (!chosen.empty()) {
      if (!line.config_path.empty() || !line.log_level.empty() || line.check || line.strict) {
        throw CLI::ValidationError(chosen.front()->get_name() + " takes its own options, which stand behind it",
                                   CLI::ExitCodes::ValidationError);
      }
      const auto problem = finish(*chosen.front(), arguments);
      if (!problem.empty()) throw CLI::ValidationError(problem, CLI::ExitCodes::ValidationError);
      line.admin = arguments.command;
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  return std::nullopt;
}

}  // namespace nerve
