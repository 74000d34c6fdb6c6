// An HAProxy that somebody else runs: `reloadCommand` makes it load the file, as in go-synapse.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/process/command.h"
#include "common/runtime/task_group.h"
#include "synapse/haproxy/control.h"

namespace synapse::haproxy {

struct ReloadCommandOptions {
  std::string config_path;  // given to the commands as HAP_CONFIG
  std::vector<std::string> reload;
  std::chrono::milliseconds reload_timeout;
  std::vector<std::string> cleanup;  // after a reload, in the background; may be empty
  std::chrono::milliseconds cleanup_timeout;
};

class ReloadCommand : public HaproxyControl {
 public:
  ReloadCommand(boost::asio::io_context& io, ReloadCommandOptions options);

  boost::asio::awaitable<common::Result<void>> load() override;
  bool may_run() const override { return true; }
  boost::asio::awaitable<std::optional<std::size_t>> old_workers() override { co_return std::nullopt; }
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  boost::asio::awaitable<common::CommandResult> run(std::vector<std::string> argv, std::chrono::milliseconds timeout);
  boost::asio::awaitable<void> clean_up();

  const ReloadCommandOptions options_;
  common::TaskGroup tasks_;
};

}  // namespace synapse::haproxy
