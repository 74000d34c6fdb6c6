// Keeps the instance registered in ZooKeeper: one ephemeral node with the same name in every life of the instance. The
// node always follows the latest report; while ZooKeeper is away it stays as it is and is mended afterwards.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "common/zookeeper/ephemeral_node.h"
#include "nerve/report/kinds.h"
#include "nerve/report/report_config.h"
#include "nerve/report/reporter.h"
#include "nerve/report/sessions.h"

namespace nerve {

class ZookeeperReporter : public Reporter {
 public:
  // A report that is not acknowledged within `subject.retry` has failed, and so has each further such span.
  ZookeeperReporter(boost::asio::io_context& io, Sessions::Shared session, const ZookeeperOptions& options,
                    const ReportSubject& subject, Events events);
  ~ZookeeperReporter() override;

  void report(const Report& report) override;
  bool settled() const override { return taken_; }
  bool looking() const override { return looking_; }

 private:
  void acknowledged(bool present);
  void looked(const std::optional<std::string>& data);
  void look();
  void refresh();
  void failed(const std::string& error);

  const ZookeeperOptions options_;
  const std::chrono::milliseconds retry_;
  const Events events_;
  Holdings& holdings_;
  bool looking_ = true;
  bool gone_ = false;  // the node is known not to be there
  bool taken_ = true;  // the latest report was acknowledged
  bool told_ = true;   // and on_taken was called
  common::Alarm next_look_;
  common::Alarm next_refresh_;
  common::zookeeper::EphemeralNode node_;
};

}  // namespace nerve
