#include "synapse/watch/zookeeper_watcher.h"

#include <utility>

#include "common/registration/claimed_name.h"

namespace synapse {

using common::zookeeper::Child;
using common::zookeeper::Children;
using common::zookeeper::ChildrenWatch;

ZookeeperWatcher::ZookeeperWatcher(boost::asio::io_context& io, std::shared_ptr<common::zookeeper::Zookeeper> zookeeper,
                                   const ZookeeperWatcherConfig& config, WatcherEvents events)
    : zookeeper_(std::move(zookeeper)),
      endpoint_name_(config.endpoint_name),
      events_(std::move(events)),
      watch_(
          io, *zookeeper_,
          ChildrenWatch::Options{.path = config.path,
                                 .full_check_interval = config.full_check_interval,
                                 .needs_data = [](std::string_view child) { return !common::is_path_encoded(child); }},
          ChildrenWatch::Events{.on_snapshot = [this](Children& children) { take(children); },
                                .on_failed = events_.on_failed,
                                .on_recovered = events_.on_recovered}) {}

// Children and records are both in the order of their names.
void ZookeeperWatcher::take(Children& children) {
  std::vector<Record> records;
  std::vector<std::int64_t> modified_zxids;
  records.reserve(children.size());
  modified_zxids.reserve(children.size());
  std::size_t next = 0;
  watches_ = 1;
  for (auto& [name, child] : children) {
    if (!common::is_path_encoded(name)) ++watches_;
    while (next < records_.size() && records_[next].child < name) ++next;
    const bool known =
        next < records_.size() && records_[next].child == name && modified_zxids_[next] == child.stat.modified_zxid;
    if (known) {
      records.push_back(std::move(records_[next++]));
    } else {
      records.push_back({.child = name,
                         .registration = common::decode(name, child.data, endpoint_name_),
                         .created_ms = child.stat.created_ms,
                         .created_zxid = child.stat.created_zxid,
                         .modified_ms = child.stat.modified_ms});
      auto& record = records.back();
      if (!record.registration) record.claimed_name = common::claimed_name(name, child.data);
    }
    modified_zxids.push_back(child.stat.modified_zxid);
    child.data = std::string();
  }
  records_ = std::move(records);
  modified_zxids_ = std::move(modified_zxids);
  events_.on_snapshot(records_);
}

}  // namespace synapse
