#include "synapse/watch/zookeeper_watcher.h"

#include <utility>

namespace synapse {

using common::zookeeper::Child;
using common::zookeeper::Children;
using common::zookeeper::ChildrenWatch;

ZookeeperWatcher::ZookeeperWatcher(boost::asio::io_context& io, common::zookeeper::Zookeeper& zookeeper,
                                   const std::string& path, WatcherEvents events)
    : events_(std::move(events)),
      watch_(io, zookeeper,
             ChildrenWatch::Options{
                 .path = path, .needs_data = [](std::string_view child) { return !common::is_path_encoded(child); }},
             ChildrenWatch::Events{.on_snapshot = [this](const Children& children) { take(children); },
                                   .on_failed = events_.on_failed}) {}

void ZookeeperWatcher::take(const Children& children) {
  for (auto known = decoded_.begin(); known != decoded_.end();) {
    known = children.contains(known->first) ? std::next(known) : decoded_.erase(known);
  }
  std::vector<Record> records;
  records.reserve(children.size());
  watches_ = 1;
  for (const auto& [name, child] : children) {
    if (!common::is_path_encoded(name)) ++watches_;
    auto known = decoded_.find(name);
    if (known == decoded_.end() || known->second.modified_zxid != child.stat.modified_zxid) {
      Decoded fresh{.modified_zxid = child.stat.modified_zxid,
                    .record = {.child = name,
                               .registration = common::decode(name, child.data),
                               .created_ms = child.stat.created_ms,
                               .created_zxid = child.stat.created_zxid,
                               .modified_ms = child.stat.modified_ms}};
      known = decoded_.insert_or_assign(name, std::move(fresh)).first;
    }
    records.push_back(known->second.record);
  }
  events_.on_snapshot(records);
}

}  // namespace synapse
