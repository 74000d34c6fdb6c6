// The servers that name servers name: asks each question again when the answer's TTL is over, and tells of what is
// different. While name servers fail the last answer stays, and they are asked again with back-off. With several names
// the rules of JoinedSources hold. Loop thread only; the asking is done on threads of NameServers.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "synapse/watch/name_servers.h"
#include "synapse/watch/watcher.h"
#include "synapse/watch/watcher_config.h"

namespace synapse {

class DnsWatcher : public Watcher {
 public:
  // `name_servers` outlives the watcher.
  DnsWatcher(boost::asio::io_context& io, NameServers& name_servers, const DnsWatcherConfig& config,
             WatcherEvents events);
  ~DnsWatcher() override;

  // The oldest answer of those that are in force.
  std::chrono::steady_clock::time_point confirmed() const override;
  void restore(const std::vector<Record>& records) override;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace synapse
