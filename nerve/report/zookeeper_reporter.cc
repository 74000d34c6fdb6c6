#include "nerve/report/zookeeper_reporter.h"

#include <utility>

#include <fmt/core.h>

#include "nerve/report/zookeeper_config.h"

namespace nerve {

namespace zk = common::zookeeper;

using Clock = common::Alarm::Clock;

ZookeeperReporter::ZookeeperReporter(boost::asio::io_context& io, Sessions::Shared session,
                                     const ZookeeperOptions& options, const ReportSubject& subject, Events events)
    : options_(options),
      parent_(path_with_chroot(options)),
      instance_(subject.node_name),
      names_(options.node, subject.node_name, subject.record),
      retry_(subject.retry),
      events_(std::move(events)),
      holdings_(session.holdings),
      holder_(holdings_.join(zk::join_path(parent_, place_of_node(options.node, subject.node_name)),
                             [this](const std::string& path) { return recognises(path); })),
      next_look_(io, [this] { look(); }),
      next_refresh_(io, [this] { refresh(); }),
      node_(io, session.zookeeper, node_options(subject), node_events()) {
  hold({});
  next_refresh_.set(Clock::now() + options_.refresh_interval);
}

ZookeeperReporter::~ZookeeperReporter() {
  holdings_.leave(holder_, gone_);
}

zk::RegisteredNode::Options ZookeeperReporter::node_options(const ReportSubject& subject) {
  zk::RegisteredNode::Options options;
  options.kind = {parent_, options_.node.ephemeral, options_.node.sequential, options_.acl};
  options.name = subject.node_name;
  options.retry = subject.retry;
  options.user = options_.auth.username;
  const auto recognise = [this](const std::string& child) { return recognises(held(child).path); };
  if (names_.fixed()) {
    options.others = [this] { return others(); };
    if (holdings_.may_be_incomplete()) options.strays = recognise;
  } else {
    options.recognise = recognise;
  }
  return options;
}

zk::RegisteredNode::Events ZookeeperReporter::node_events() {
  zk::RegisteredNode::Events events;
  events.on_acknowledged = [this](bool present) { acknowledged(present); };
  events.on_failed = [this](zk::Status status, const std::string& error) { refused(status, error); };
  events.on_taken_over = [this](const zk::FoundNode& other) { taken_over(other); };
  events.on_mended = [this](const std::string& name) { events_.on_notice("registered again as " + held(name).path); };
  events.on_looked = [this](const std::optional<zk::FoundNode>& node) { looked(node); };
  events.on_names = [this](const std::vector<std::string>& names) { hold(names); };
  return events;
}

bool ZookeeperReporter::listed(const Report& report) const {
  if (!report.record) return false;
  if (report.draining) return options_.expose_on_disable || options_.expose_on_unavailable;
  return report.record->available || options_.expose_on_unavailable;
}

void ZookeeperReporter::report(const Report& report) {
  // A registry that is away is away however often the report changes meanwhile.
  if (taken_) next_look_.set(Clock::now() + retry_);
  reported_ = true;
  told_ = taken_ = gone_ = false;
  if (!listed(report)) return node_.want(std::nullopt);
  auto record = *report.record;
  if (report.draining) {
    record.available = false;
    record.weight = 0;
  }
  node_.want(zk::WantedNode{names_.of(record), common::encode(record)});
}

// Perhaps from within report(), so that nobody is told here.
void ZookeeperReporter::acknowledged(bool present) {
  taken_ = true;
  gone_ = !present;
  next_look_.set(Clock::now());
}

// Once is what a restart without a saved state does; more is a fight.
void ZookeeperReporter::taken_over(const zk::FoundNode& other) {
  const auto path = held(other.name).path;
  if (++take_overs_ == 1) {
    events_.on_notice(fmt::format("took over the node {} from session {:#x}", path, other.stat.owner));
  } else if (events_.on_trouble) {
    events_.on_trouble(
        fmt::format("took the node {} back from session {:#x}, for the {}. time; another nerve seems to "
                    "announce the same name, host and port",
                    path, other.stat.owner, take_overs_ - 1));
  }
}

void ZookeeperReporter::looked(const std::optional<zk::FoundNode>& node) {
  looking_ = false;
  if (!events_.on_looked) return;
  std::optional<common::Registration> found;
  if (node) {
    if (auto record = common::decode(node->name, node->data)) found = *std::move(record);
  }
  events_.on_looked(found);
}

void ZookeeperReporter::hold(const std::vector<std::string>& names) {
  std::set<std::string> now(names.begin(), names.end());
  // A name that is always the same may be there before we know it, so it is not let go of before the end.
  if (names_.fixed()) now.insert(instance_);
  for (const auto& name : now) {
    if (!held_.contains(name)) holdings_.claim(held(name), holder_);
  }
  for (const auto& name : held_) {
    if (!now.contains(name)) holdings_.release(held(name).path, holder_);
  }
  held_ = now;
}

std::vector<std::string> ZookeeperReporter::others() const {
  auto names = held_;
  for (const auto& path : holdings_.unclaimed()) {
    if (recognises(path)) names.insert(path.substr(path.rfind('/') + 1));
  }
  names.erase(instance_);
  return {names.begin(), names.end()};
}

// A node of this instance, that it may go on with or remove. Another service of ours that announces the very same
// record has the right to its own node.
bool ZookeeperReporter::recognises(const std::string& path) const {
  return zk::parent_of(path) == parent_ && names_.recognises(path.substr(path.rfind('/') + 1)) &&
         !holdings_.claimed_elsewhere(path, holder_);
}

SavedNode ZookeeperReporter::held(const std::string& name) const {
  return {zk::join_path(parent_, name), !options_.node.ephemeral};
}

void ZookeeperReporter::look() {
  if (told_) return;
  if (taken_) {
    told_ = true;
    events_.on_taken();
  } else {
    failed("no acknowledgement from ZooKeeper " + options_.hosts + " within " + std::to_string(retry_.count()) + " ms");
  }
}

void ZookeeperReporter::refused(zk::Status status, const std::string& error) {
  // While it is only looked at or mended, the report is in force, and the session says what is wrong.
  if (taken_ && (status == zk::Status::lost || !reported_)) return;
  told_ = taken_ = gone_ = false;
  failed(error);
}

void ZookeeperReporter::failed(const std::string& error) {
  next_look_.set(Clock::now() + retry_);
  events_.on_failed(error);
}

void ZookeeperReporter::refresh() {
  next_refresh_.set(Clock::now() + options_.refresh_interval);
  node_.refresh();
}

}  // namespace nerve
