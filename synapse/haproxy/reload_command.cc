#include "synapse/haproxy/reload_command.h"

#include <utility>

#include "common/file/write_atomically.h"
#include "common/process/command.h"
#include "common/telemetry/log.h"
#include "synapse/haproxy/config_file.h"

namespace synapse::haproxy {
namespace {

// Such a command often has HAProxy look at the file, and says what that says.
std::string described(const common::CommandResult& result, const std::string& config_path) {
  const auto text = common::read_file(config_path, kMaxConfigBytes);
  return text ? secrets_of(*text).masked(result.describe()) : result.describe();
}

}  // namespace

ReloadCommand::ReloadCommand(boost::asio::io_context& io, ReloadCommandOptions options)
    : options_(std::move(options)), tasks_(io) {}

boost::asio::awaitable<common::Result<void>> ReloadCommand::load() {
  const auto result = co_await run(options_.reload, options_.reload_timeout);
  if (!result.ok()) {
    co_return common::fail("reloadCommand " + options_.reload.front() + ": " + described(result, options_.config_path));
  }
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
  if (!result.ok()) {
    common::log::warn("cleanupCommand {}: {}", options_.cleanup.front(), described(result, options_.config_path));
  }
}

boost::asio::awaitable<void> ReloadCommand::stop(bool) {
  tasks_.cancel();
  co_await tasks_.wait();
}

}  // namespace synapse::haproxy
