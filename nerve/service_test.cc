#include "nerve/service.h"

#include <csignal>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/telemetry/event_log.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace nerve {
namespace {

using std::chrono::milliseconds;

class FakeCheck : public Check {
 public:
  explicit FakeCheck(const Answer& answer) : answer_(answer) {}
  boost::asio::awaitable<Answer> run() override { co_return answer_; }
  std::string target() const override { return "fake"; }

 private:
  const Answer& answer_;
};

// Keeps what it was told; the test decides what becomes of it.
class FakeReporter : public Reporter {
 public:
  explicit FakeReporter(Events given) : events(std::move(given)) {}
  void report(const Report& report) override {
    reports.push_back(report.record);
    settled_ = false;
  }
  bool settled() const override { return settled_; }
  void take() {
    settled_ = true;
    events.on_taken();
  }
  void fail() { events.on_failed("no space"); }

  Events events;
  std::vector<std::optional<common::Registration>> reports;

 private:
  bool settled_ = true;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    common::log::set_level("panic");
    config.name = "web";
    config.port = 80;
    config.checks.resize(1);
    config.checks[0].interval = milliseconds(1);
    config.checks[0].thresholds = {1, 1};
    config.reporters.resize(1);
    config.lifecycle.record.host = "127.0.0.1";
    config.lifecycle.record.port = 80;
    config.lifecycle.weight = 100;
    config.lifecycle.disable_min_duration = milliseconds(0);
  }
  ~ServiceTest() override {
    if (service) end();
    common::log::set_level("info");
  }

  // Cancels the checks and commands and waits for their end.
  void end() {
    common::TaskGroup waiting(io);
    bool ended = false;
    service->cancel();
    waiting.spawn("wait", wait_for(*service, ended));
    run_until([&] { return ended; });
  }
  static boost::asio::awaitable<void> wait_for(Service& service, bool& ended) {
    co_await service.wait();
    ended = true;
  }

  Service& start() {
    service = std::make_unique<Service>(
        io, config,
        Service::Makers{.check = [this](const CheckConfig&) { return std::make_unique<FakeCheck>(answer); },
                        .reporter =
                            [this](const ReporterConfig&, const ReportSubject& given, Reporter::Events events) {
                              subject = given;
                              auto reporter = std::make_unique<FakeReporter>(std::move(events));
                              reporters.push_back(reporter.get());
                              return reporter;
                            }},
        Telemetry{metrics, event_log}, [this] { ++steps; });
    service->start();
    service->start_checks(0, config.checks.size());
    return *service;
  }

  template <class Condition>
  void run_until(Condition reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (!reached() && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(10));
    ASSERT_TRUE(reached());
  }
  void run_until_reported(std::size_t count) {
    run_until([&] { return reporters[0]->reports.size() >= count; });
  }
  // Each transition in words.
  std::vector<std::string> transitions() const {
    std::vector<std::string> lines;
    for (const auto* event : event_log.last(1000, "web")) {
      lines.push_back(event->what + (event->part.empty() ? "" : " " + event->part) + ": " + event->old_value + " -> " +
                      event->new_value + (event->reason.empty() ? "" : ", " + event->reason));
    }
    return lines;
  }
  const common::Registration& last_report() const { return *reporters[0]->reports.back(); }

  boost::asio::io_context io;
  common::Metrics all_metrics;
  ServiceMetrics metrics{all_metrics};
  common::EventLog event_log;
  ServiceConfig config;
  Answer answer{true, {}};
  ReportSubject subject;
  std::vector<FakeReporter*> reporters;
  std::unique_ptr<Service> service;
  int steps = 0;
};

TEST_F(ServiceTest, LeadsTheChecksToTheReporters) {
  start();
  EXPECT_EQ(subject.node_name, "web_127.0.0.1_80");
  run_until_reported(1);
  EXPECT_TRUE(last_report().available);
  EXPECT_EQ(last_report().weight, 1);
  EXPECT_TRUE(service->status().available);
  answer = {false, "HTTP 503"};
  run_until_reported(2);
  EXPECT_FALSE(last_report().available);
  EXPECT_EQ(last_report().unavailable_reason, "HTTP 503");
}

TEST_F(ServiceTest, RecordsEachTransition) {
  answer = {false, "HTTP 503"};
  config.lifecycle.disable_min_duration = milliseconds(1);
  start();
  run_until_reported(1);
  reporters[0]->take();
  answer = {true, {}};
  run_until_reported(2);
  reporters[0]->take();
  bool disabled = false;
  service->disable(false, [&](bool) { disabled = true; });
  reporters[0]->take();
  run_until([&] { return disabled; });
  service->enable(true);
  service->stop(Service::Ending::now);
  EXPECT_THAT(transitions(), testing::ElementsAre(
                                 "check tcp fake: unknown -> down, HTTP 503", "state: unknown -> unavailable, HTTP 503",
                                 "check tcp fake: down -> up", "state: unavailable -> available",
                                 "mode: enabled -> disabled, asked for by an operator",
                                 "state: available -> draining, service is disabled",
                                 "state: draining -> disabled, service is disabled",
                                 "mode: disabled -> forced, asked for by an operator, whatever the checks say",
                                 "state: disabled -> available", "state: available -> removed, nerve is stopping"));
}

TEST_F(ServiceTest, ShowsWhatItsChecksSaid) {
  config.checks[0].thresholds = {1, 3};
  start();
  EXPECT_EQ(service->status().checks[0].up, std::nullopt);
  EXPECT_EQ(service->status().checks[0].last_latency, std::nullopt);
  run_until_reported(1);
  EXPECT_EQ(service->status().checks[0].up, true);
  answer = {false, "HTTP 503"};
  run_until([&] { return service->status().checks[0].reason == "HTTP 503"; });
  EXPECT_EQ(service->status().checks[0].up, true) << "one failure is no verdict";
  EXPECT_EQ(service->status().reason, "");
  run_until_reported(2);
  const ServiceStatus status = service->status();
  EXPECT_EQ(status.state, State::unavailable);
  EXPECT_EQ(status.reason, "HTTP 503");
  EXPECT_EQ(status.checks[0].up, false);
  EXPECT_EQ(status.checks[0].target, "fake");
  EXPECT_TRUE(status.checks[0].last_latency.has_value());
}

TEST_F(ServiceTest, ConfirmsAFailureAtTheFastInterval) {
  config.checks[0].interval = milliseconds(60'000);
  config.checks[0].fast_interval = milliseconds(1);
  config.checks[0].thresholds = {1, 5};
  answer = {false, "HTTP 503"};
  start();
  run_until_reported(1);
  EXPECT_FALSE(last_report().available);
}

TEST_F(ServiceTest, CountsInTheMetrics) {
  answer = {false, "HTTP 503"};
  start();
  run_until_reported(1);
  reporters[0]->fail();
  const std::string text = all_metrics.text();
  const std::string labels = R"({ip="127.0.0.1",name="web",port="80")";
  EXPECT_NE(text.find("nerve_checker_failure_total" + labels + ",type=\"tcp\"} "), std::string::npos) << text;
  EXPECT_NE(text.find("nerve_reporter_failure_total" + labels + ",type=\"console\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("nerve_service_available" + labels + "} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("nerve_check_start_lateness_seconds_bucket{le=\"5\"} 1\n"), std::string::npos) << text;
  answer = {true, {}};
  run_until_reported(2);
  EXPECT_NE(all_metrics.text().find("nerve_service_available" + labels + "} 1\n"), std::string::npos);
}

TEST_F(ServiceTest, HasNoMetricsWhenNotWanted) {
  config.no_metrics = true;
  config.lifecycle.pre_available.argv = {"false"};
  start();
  run_until_reported(1);
  reporters[0]->fail();
  EXPECT_EQ(all_metrics.text().find("name=\"web\""), std::string::npos) << all_metrics.text();
}

TEST_F(ServiceTest, ReportersOfOneKindAreConfirmedTogether) {
  config.reporters = {{"file", FileOptions{"a"}}, {"file", FileOptions{"b"}}};
  const std::string confirmed = R"(nerve_reporter_confirmed{ip="127.0.0.1",name="web",port="80",type="file"} )";
  const auto shown = [&] {
    const auto text = all_metrics.text();
    return text.substr(text.find(confirmed) + confirmed.size(), 1);
  };
  start();
  EXPECT_EQ(shown(), "1") << "nothing to confirm";
  run_until_reported(1);
  EXPECT_EQ(shown(), "0");
  reporters[1]->take();
  EXPECT_EQ(shown(), "0");
  ServiceEvents successor({metrics, event_log}, {"web", "127.0.0.1", 80, true, {}, {"file"}});
  EXPECT_EQ(shown(), "0") << "what holds until the successor reports";
  reporters[0]->take();
  EXPECT_EQ(shown(), "1");
  reporters[0]->fail();  // as one that cannot mend its node
  EXPECT_EQ(shown(), "0");
  reporters[1]->take();
  EXPECT_EQ(shown(), "0") << "the other one still fails";
  reporters[0]->take();
  EXPECT_EQ(shown(), "1");
}

TEST_F(ServiceTest, AnAnswerIsNotOfTheReportThatTheRateLimitHolds) {
  config.lifecycle.rate_limit = RateLimit{.average_rate = 0.01, .max_burst = 1};
  config.lifecycle.warmup_interval = milliseconds(1);
  config.lifecycle.warmup_max_duration = milliseconds(60'000);
  start();
  run_until_reported(1);
  reporters[0]->take();
  const auto weight = [&] { return service->status().current_weight; };
  run_until([&] { return weight() > 1; });
  const int held = weight();
  reporters[0]->take();  // as one that repairs its node
  io.restart();
  io.run_for(milliseconds(20));
  EXPECT_EQ(weight(), held) << "the next step waits until this one is out";
}

TEST_F(ServiceTest, OneReporterThatTakesItIsEnoughForTheWarmup) {
  config.reporters.resize(2);
  config.lifecycle.warmup_interval = milliseconds(5);
  config.lifecycle.warmup_max_duration = milliseconds(60'000);
  start();
  run_until_reported(1);
  reporters[0]->fail();
  reporters[1]->take();
  run_until_reported(2);
  for (int i = 0; i < 3; ++i) {
    reporters[0]->fail();
    reporters[1]->take();
    run_until_reported(static_cast<std::size_t>(3 + i));
  }
  EXPECT_GT(last_report().weight, 1);
}

TEST_F(ServiceTest, RunsThePreAvailableCommandAndCountsItsFailure) {
  config.lifecycle.pre_available = {{"sh", "-c", "exit 3"}, milliseconds(5000)};
  start();
  run_until_reported(1);
  EXPECT_TRUE(last_report().available);
  EXPECT_NE(all_metrics.text().find("type=\"pre-available\"} 1\n"), std::string::npos) << all_metrics.text();
}

TEST_F(ServiceTest, ACommandThatIsNotNeededAnyMoreIsKilled) {
  const std::string started = testing::TempDir() + "nerve-started-" + std::to_string(::getpid());
  config.lifecycle.pre_available = {{"sh", "-c", "echo $$ >$0; exec sleep 60", started}, milliseconds(60'000)};
  start();
  std::string pid;
  run_until([&] {
    const auto text = common::read_file(started);
    if (text) pid = *text;
    return pid.ends_with('\n');
  });
  answer = {false, "HTTP 503"};
  run_until_reported(1);
  EXPECT_FALSE(last_report().available);
  // It may be left to us to collect.
  run_until([pid = std::stoi(pid)] { return ::kill(pid, 0) != 0 || ::waitpid(pid, nullptr, WNOHANG) == pid; });
  ::unlink(started.c_str());
}

TEST_F(ServiceTest, AnswersEverybodyWhoAskedForTheDisable) {
  config.lifecycle.disable_min_duration = milliseconds(20);
  start();
  run_until_reported(1);
  std::vector<bool> answers;
  service->disable(false, [&](bool done) { answers.push_back(done); });
  service->disable(true, [&](bool done) { answers.push_back(done); });
  EXPECT_TRUE(answers.empty());
  reporters[0]->take();
  run_until([&] { return answers.size() == 2; });
  EXPECT_EQ(answers, (std::vector<bool>{true, true}));
  EXPECT_EQ(service->status().mode, Lifecycle::Mode::disabled);
}

TEST_F(ServiceTest, TellsWhoeverDisablesThatAnEnableCame) {
  start();
  run_until_reported(1);
  std::vector<bool> answers;
  service->disable(false, [&](bool done) { answers.push_back(done); });
  service->enable(false);
  EXPECT_EQ(answers, (std::vector<bool>{false}));
}

TEST_F(ServiceTest, StopsAndWaitsForTheReporters) {
  start();
  run_until_reported(1);
  reporters[0]->take();
  service->stop(Service::Ending::shutdown);
  EXPECT_FALSE(service->stopped());
  EXPECT_FALSE(service->enable(true));
  reporters[0]->take();  // the news that it is not available
  run_until([&] { return service->stopped(); });
  EXPECT_EQ(reporters[0]->reports.back(), std::nullopt);
  EXPECT_FALSE(service->confirmed());
  const int before = steps;
  reporters[0]->take();
  EXPECT_TRUE(service->confirmed());
  EXPECT_GT(steps, before);
  bool answered = false;
  service->disable(false, [&](bool done) { answered = done; });
  EXPECT_TRUE(answered) << "nobody waits for ever";
}

TEST_F(ServiceTest, StopsAtOnceWhenTold) {
  config.lifecycle.disable_min_duration = milliseconds(60'000);
  start();
  run_until_reported(1);
  service->stop(Service::Ending::shutdown);
  EXPECT_FALSE(service->stopped());
  service->stop(Service::Ending::now);
  EXPECT_TRUE(service->stopped());
}

}  // namespace
}  // namespace nerve
