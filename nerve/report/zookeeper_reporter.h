// Keeps the instance registered in ZooKeeper by one node. The node always follows the latest report; while ZooKeeper is
// away it stays as it is and is mended afterwards.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "common/zookeeper/registered_node.h"
#include "nerve/report/kinds.h"
#include "nerve/report/node_names.h"
#include "nerve/report/report_config.h"
#include "nerve/report/reporter.h"
#include "nerve/report/sessions.h"

namespace nerve {

class ZookeeperReporter : public Reporter {
 public:
  // A report that is not acknowledged within `subject.retry` has failed, and so has each further such span.
  ZookeeperReporter(boost::asio::io_context& io, Sessions::Shared session, const ZookeeperOptions& options,
                    const ReportSubject& subject, Events events);
  // What it has in the registry stays there, for the next reporter of this instance, or for Sessions::sweep().
  ~ZookeeperReporter() override;

  void report(const Report& report) override;
  bool settled() const override { return taken_; }
  bool connected() const override { return node_.connected(); }
  bool looking() const override { return looking_; }

 private:
  common::zookeeper::RegisteredNode::Options node_options(const ReportSubject& subject);
  common::zookeeper::RegisteredNode::Events node_events();
  bool listed(const Report& report) const;

  void acknowledged(bool present);
  void taken_over(const common::zookeeper::FoundNode& other);
  void looked(const std::optional<common::zookeeper::FoundNode>& node);
  void hold(const std::vector<std::string>& names);
  void look();
  void refresh();
  void refused(common::zookeeper::Status status, const std::string& error);
  void failed(const std::string& error);
  std::vector<std::string> others() const;
  bool recognises(const std::string& path) const;
  SavedNode held(const std::string& name) const;

  const ZookeeperOptions options_;
  const std::string parent_;    // with the chroot
  const std::string instance_;  // its readable name
  const NodeNames names_;
  const std::chrono::milliseconds retry_;
  const Events events_;
  Holdings& holdings_;
  const int holder_;
  std::set<std::string> held_;  // names of nodes that are, or may be, there
  bool looking_ = true;
  bool reported_ = false;
  bool gone_ = false;  // no node is there
  bool taken_ = true;  // the latest report was acknowledged
  int take_overs_ = 0;
  bool told_ = true;  // and on_taken was called
  common::Alarm next_look_;
  common::Alarm next_refresh_;
  common::zookeeper::RegisteredNode node_;
};

}  // namespace nerve
