#include "nerve/report/zookeeper_reporter.h"

#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace nerve {

using Clock = common::Alarm::Clock;

ZookeeperReporter::ZookeeperReporter(boost::asio::io_context& io, Sessions::Shared session,
                                     const ZookeeperOptions& options, const ReportSubject& subject, Events events)
    : options_(options),
      retry_(subject.retry),
      events_(std::move(events)),
      holdings_(session.holdings),
      next_look_(io, [this] { look(); }),
      next_refresh_(io, [this] { refresh(); }),
      node_(io, session.zookeeper, (options.path == "/" ? "" : options.path) + "/" + subject.node_name, subject.retry,
            {.on_acknowledged = [this](bool present, const std::string&) { acknowledged(present); },
             .on_failed = [this](const std::string& error) { failed(error); },
             .on_taken_over =
                 [this](std::int64_t other) {
                   events_.on_notice(fmt::format("took over the node {} from session {:#x}", node_.path(), other));
                 },
             .on_looked = [this](const std::optional<std::string>& data) { looked(data); }}) {
  holdings_.claim({node_.path()}, this);
  next_refresh_.set(Clock::now() + options_.refresh_interval);
}

ZookeeperReporter::~ZookeeperReporter() {
  holdings_.release(node_.path(), this, gone_);
}

void ZookeeperReporter::report(const Report& report) {
  const auto& record = report.record;
  // A registry that is away is away however often the report changes meanwhile.
  if (taken_) next_look_.set(Clock::now() + retry_);
  told_ = taken_ = gone_ = false;
  const bool listed = record && (record->available || options_.expose_on_unavailable);
  node_.want(listed ? std::optional(common::encode(*record)) : std::nullopt);
}

// Perhaps from within report(), so that nobody is told here.
void ZookeeperReporter::acknowledged(bool present) {
  taken_ = true;
  gone_ = !present;
  next_look_.set(Clock::now());
}

void ZookeeperReporter::looked(const std::optional<std::string>& data) {
  looking_ = false;
  if (!events_.on_looked) return;
  const auto name = std::string_view(node_.path()).substr(node_.path().rfind('/') + 1);
  std::optional<common::Registration> found;
  if (data) {
    if (auto record = common::decode(name, *data)) found = *std::move(record);
  }
  events_.on_looked(found);
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

void ZookeeperReporter::failed(const std::string& error) {
  if (taken_) return;  // while mending it: the report is in force, and the session says what is wrong
  next_look_.set(Clock::now() + retry_);
  events_.on_failed(error);
}

void ZookeeperReporter::refresh() {
  next_refresh_.set(Clock::now() + options_.refresh_interval);
  node_.refresh();
}

}  // namespace nerve
