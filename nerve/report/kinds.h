// The kinds of reporters: one line each in the table of kinds.cc, with how to read its keys and how to make it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/config/reader.h"
#include "common/registration/registration.h"
#include "nerve/report/report_config.h"
#include "nerve/report/reporter.h"

namespace nerve {

class Sessions;

// What the reporters of a process share. Must outlive them.
struct ReportContext {
  boost::asio::io_context& io;
  Sessions& sessions;
};

// What a reporter knows of its service.
struct ReportSubject {
  std::string node_name;  // of the instance: the same in every life of it
  std::chrono::milliseconds retry;
  common::Registration record;  // host, port and name are its own in all reports
};

// One entry of `reporters`. Errors are recorded by the reader; what is returned is then of no use.
[[nodiscard]] ReporterConfig read_reporter(const common::Reader& reader);

// Where a reporter of the instance writes: what has the same place writes the same thing.
[[nodiscard]] std::string place_of(const ReporterConfig& config, const std::string& node_name);

[[nodiscard]] std::unique_ptr<Reporter> make_reporter(const ReporterConfig& config, const ReportSubject& subject,
                                                      const ReportContext& context, Reporter::Events events);

}  // namespace nerve
