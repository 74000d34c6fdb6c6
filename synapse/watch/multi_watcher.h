// Several watchers as one. What their snapshots mean together is for JoinedSources to say. The troubles of each are
// told under its name. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "synapse/watch/joined_sources.h"
#include "synapse/watch/watcher.h"

namespace synapse {

class MultiWatcher : public Watcher {
 public:
  using MakeChild = std::function<std::unique_ptr<Watcher>(const WatcherConfig&, WatcherEvents)>;

  // `make_child` is called for each, and not any more afterwards.
  MultiWatcher(boost::asio::io_context& io, const MultiWatcherConfig& config, const MakeChild& make_child,
               WatcherEvents events);

  // The oldest of those whose word is in force.
  std::chrono::steady_clock::time_point confirmed() const override;
  std::size_t watches() const override;
  void restore(const std::vector<Record>& records) override;

 private:
  void tell();
  void go_on_without();
  void failed(const std::string& child, std::string words);
  void recovered(const std::string& child);

  const WatcherEvents events_;
  JoinedSources sources_;
  common::Alarm first_wait_;
  // Children that have failed, or have not spoken in time -> what was told of it.
  std::map<std::string, std::string> troubled_;
  std::string told_of_;  // the one that was told of last; empty: several
  std::vector<std::unique_ptr<Watcher>> children_;
};

}  // namespace synapse
