// Servers that stand in the configuration: one snapshot, and nothing can fail.
#pragma once

#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class FixedWatcher : public Watcher {
 public:
  FixedWatcher(boost::asio::io_context& io, std::vector<Record> servers, WatcherEvents events)
      : servers_(std::move(servers)),
        events_(std::move(events)),
        start_(io, [this] { events_.on_snapshot(servers_); }) {
    start_.set(common::Alarm::Clock::now());
  }

  std::chrono::steady_clock::time_point confirmed() const override { return std::chrono::steady_clock::now(); }

 private:
  const std::vector<Record> servers_;
  const WatcherEvents events_;
  common::Alarm start_;
};

}  // namespace synapse
