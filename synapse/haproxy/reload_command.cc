#include "synapse/haproxy/reload_command.h"

#include <utility>

#include "common/process/command.h"
#include "common/telemetry/log.h"

namespace synapse::haproxy {

ReloadCommand::ReloadCommand(boost::asio::io_context& io, ReloadCommandOptions options)
    : options_(std::move(options)), tasks_(io) {}

boost::asio::awaitable<common::Result<void>> ReloadCommand::load() {
  const auto result = co_await run(options_.reload, options_.reload_timeout);
  if (!result.ok()) co_return common::fail("reloadCommand " + options_.reload.front() + ": " + result.describe());
  if (!options_.cleanup.empty()) tasks_.spawn("cleanupCommand", clean_up());
  co_return common::Result<void>{};
}

boost::asio::awaitable<common::CommandResult> ReloadCommand::run(std::vector<std::string> argv,
                                                                 std::chrono::milliseconds timeout) {
  common::CommandOptions command;
  command.argv = std::move(argv);
  command.timeout = timeout;
  command.environment["HAP_CONFIG"] = options_.config_path;
  co_return co_await common::run_command(std::move(command));
}

boost::asio::awaitable<void> ReloadCommand::clean_up() {
  const auto result = co_await run(options_.cleanup, options_.cleanup_timeout);
  if (!result.ok()) common::log::warn("cleanupCommand {}: {}", options_.cleanup.front(), result.describe());
}

boost::asio::awaitable<void> ReloadCommand::stop(bool) {
  tasks_.cancel();
  co_await tasks_.wait();
}

}  // namespace synapse::haproxy
