#include "nerve/report/local_reporter.h"

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace nerve {
namespace {

using std::chrono::milliseconds;

common::Registration record(int port) {
  common::Registration result;
  result.host = "127.0.0.1";
  result.port = port;
  return result;
}

struct Harness {
  explicit Harness(int failures)
      : failures_left(failures),
        reporter(io, milliseconds(1),
                 [this](const std::optional<common::Registration>& what) -> common::Result<void> {
                   log.push_back("write " + (what ? std::to_string(what->port) : "nothing"));
                   if (failures_left-- > 0) return common::fail("disk full");
                   return {};
                 },
                 {.on_taken = [this] { log.emplace_back("taken"); },
                  .on_failed = [this](const std::string& error) { log.push_back("failed: " + error); },
                  .on_notice = [](const std::string&) {}}) {}

  boost::asio::io_context io;
  int failures_left;
  std::vector<std::string> log;
  LocalReporter reporter;
};

TEST(LocalReporter, WritesAndTells) {
  Harness harness(0);
  harness.reporter.report({record(80)});
  EXPECT_TRUE(harness.log.empty()) << "not from within report()";
  EXPECT_FALSE(harness.reporter.settled());
  harness.io.run();
  EXPECT_EQ(harness.log, (std::vector<std::string>{"write 80", "taken"}));
  EXPECT_TRUE(harness.reporter.settled());
}

TEST(LocalReporter, TriesAgainUntilItWorks) {
  Harness harness(2);
  harness.reporter.report({std::nullopt});
  harness.io.run();
  EXPECT_EQ(harness.log, (std::vector<std::string>{"write nothing", "failed: disk full", "write nothing",
                                                   "failed: disk full", "write nothing", "taken"}));
}

TEST(LocalReporter, OnlyTheLatestReportCounts) {
  Harness harness(1);
  harness.reporter.report({record(80)});
  harness.io.run_one();
  harness.reporter.report({record(81)});
  harness.io.run();
  EXPECT_EQ(harness.log, (std::vector<std::string>{"write 80", "failed: disk full", "write 81", "taken"}));
}

TEST(LocalReporter, WritesNothingTwiceButAnswers) {
  Harness harness(0);
  harness.reporter.report({record(80)});
  harness.io.run();
  harness.reporter.report({record(80), true});
  harness.io.restart();
  harness.io.run();
  EXPECT_EQ(harness.log, (std::vector<std::string>{"write 80", "taken", "taken"}));
}

}  // namespace
}  // namespace nerve
