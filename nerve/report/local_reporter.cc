#include "nerve/report/local_reporter.h"

#include <utility>

namespace nerve {

LocalReporter::LocalReporter(boost::asio::io_context& io, std::chrono::milliseconds retry, Write write, Events events)
    : retry_(retry), write_(std::move(write)), events_(std::move(events)), next_attempt_(io, [this] { attempt(); }) {}

void LocalReporter::report(const Report& report) {
  record_ = report.record;
  settled_ = false;
  next_attempt_.set(common::Alarm::Clock::now());
}

void LocalReporter::attempt() {
  const auto written = written_ && *written_ == record_ ? common::Result<void>() : write_(record_);
  if (written) {
    written_ = record_;
    settled_ = true;
    events_.on_taken();
  } else {
    next_attempt_.set(common::Alarm::Clock::now() + retry_);
    events_.on_failed(written.error().message);
  }
}

}  // namespace nerve
