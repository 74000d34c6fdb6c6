// `synapse --oneshot`: every service is read once, the routers write what they have to write, and that is the end. The
// same units and routers as in App, without an API and without an HAProxy. What an earlier run kept on disk is taken
// for services whose source has not spoken in time. Lives in main(); loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/task_group.h"
#include "common/telemetry/metrics.h"
#include "synapse/config.h"
#include "synapse/events.h"
#include "synapse/saved_records.h"
#include "synapse/sessions.h"
#include "synapse/unit.h"
#include "synapse/watch/name_servers.h"

namespace synapse {

class Oneshot {
 public:
  Oneshot(const Config& config, std::chrono::milliseconds timeout);

  // The exit code: 0 when every service was routed; else 1, and it was said which were not.
  int run();

 private:
  bool make_units();
  boost::asio::awaitable<void> work();
  boost::asio::awaitable<void> wait(std::chrono::milliseconds at_most);
  std::vector<std::string> missing() const;
  std::vector<std::string> unread() const;  // those of them whose source has not spoken

  const Config& config_;
  const std::chrono::milliseconds timeout_;
  boost::asio::io_context io_;
  common::TaskGroup tasks_{io_};
  boost::asio::signal_set signals_;
  common::Metrics metrics_;
  Events events_{metrics_};
  Sessions sessions_{io_};
  NameServers name_servers_{io_};
  SavedRecords saved_;
  std::vector<std::unique_ptr<Unit>> units_;
  bool interrupted_ = false;
  int exit_code_ = 1;
};

}  // namespace synapse
