// A reporter that writes on this machine: the write itself is a function, which either works or says why not, and is
// tried again after a pause.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "common/runtime/alarm.h"
#include "nerve/report/reporter.h"

namespace nerve {

class LocalReporter : public Reporter {
 public:
  using Write = std::function<common::Result<void>(const std::optional<common::Registration>& record)>;

  LocalReporter(boost::asio::io_context& io, std::chrono::milliseconds retry, Write write, Events events);

  void report(const Report& report) override;
  bool settled() const override { return settled_; }

 private:
  void attempt();

  std::chrono::milliseconds retry_;
  Write write_;
  Events events_;
  std::optional<common::Registration> record_;
  std::optional<std::optional<common::Registration>> written_;  // a report that says the same is not written again
  bool settled_ = true;
  common::Alarm next_attempt_;
};

}  // namespace nerve
