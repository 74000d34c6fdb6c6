// The kinds of watchers: one line each in the table of kinds.cc, with how to make it. Their keys are read by
// config_watcher.cc, which is pure.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "synapse/watch/watcher.h"
#include "synapse/watch/watcher_config.h"

namespace synapse {

class NameServers;
class Sessions;

// What the watchers of a process share. Must outlive them.
struct WatchContext {
  boost::asio::io_context& io;
  Sessions& sessions;
  NameServers& name_servers;
};

// Where the records come from, in words that are others when that is another place.
[[nodiscard]] std::string source_of(const WatcherConfig& config);

// The same without what only says how to get there: an ensemble with one server more is still the same source.
[[nodiscard]] std::string kept_under(const WatcherConfig& config);

[[nodiscard]] std::unique_ptr<Watcher> make_watcher(const WatcherConfig& config, const WatchContext& context,
                                                    WatcherEvents events);

}  // namespace synapse
