// An HAProxy of our own: one process in master-worker mode, in the foreground, in a process group of its own. It
// outlives a synapse that crashed or left with SIGUSR2, and is adopted by the next one through its pid file.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/process/child_process.h"
#include "synapse/haproxy/control.h"
#include "synapse/haproxy/secrets.h"

namespace synapse::haproxy {

struct HaproxyChildOptions {
  std::string binary;
  std::string config_path;
  std::string runtime_dir;  // haproxy.pid and master.sock live here
  std::chrono::milliseconds shutdown_timeout;
};

class HaproxyChild : public HaproxyControl {
 public:
  // `on_exit`: it ended without being asked to. Not called any more after stop() has begun.
  HaproxyChild(boost::asio::io_context& io, HaproxyChildOptions options,
               std::function<void(const std::string& how)> on_exit);

  // Takes over the HAProxy of an earlier synapse, when its pid file names a process that runs our
  // file, or such a process listens at the master's socket.
  void adopt();

  boost::asio::awaitable<common::Result<void>> load() override;
  bool may_run() const override { return child_ && child_->running(); }
  std::string complaint() const override;
  boost::asio::awaitable<std::optional<std::size_t>> old_workers() override;
  boost::asio::awaitable<void> stop(bool leave_running) override;

 private:
  std::string pid_file() const { return options_.runtime_dir + "/haproxy.pid"; }
  std::string master_socket() const { return options_.runtime_dir + "/master.sock"; }
  void hear(const std::string& said);
  void exited(const std::string& how);
  boost::asio::awaitable<bool> ended_within(std::chrono::milliseconds limit);

  boost::asio::io_context& io_;
  const HaproxyChildOptions options_;
  std::function<void(const std::string&)> on_exit_;
  boost::asio::steady_timer ended_;
  std::unique_ptr<common::ChildProcess> child_;
  Secrets secrets_;         // of the file that it was to load last
  Secrets former_secrets_;  // and before, because those workers speak, too
  std::string alerts_;      // its lines since the last load
  std::string told_;        // and those of the load before
};

}  // namespace synapse::haproxy
