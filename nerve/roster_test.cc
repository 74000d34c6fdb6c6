#include "nerve/roster.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/telemetry/event_log.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace nerve {
namespace {

using std::chrono::milliseconds;

// Everything that happened to reporters, in order: "web@a up 255", "web@a gone". Each takes its report at once.
struct World {
  std::vector<std::string> reports;
  bool taking = true;
  bool looking = false;
  bool checks_pass = true;
  int checks_made = 0;
};

class FakeCheck : public Check {
 public:
  explicit FakeCheck(const World& world) : world_(world) {}
  boost::asio::awaitable<Answer> run() override {
    Answer answer{world_.checks_pass, world_.checks_pass ? "" : "refused"};
    co_return answer;
  }
  std::string target() const override { return "fake"; }

 private:
  const World& world_;
};

class FakeReporter : public Reporter {
 public:
  FakeReporter(boost::asio::io_context& io, World& world, std::string place, Events events)
      : world_(world), place_(std::move(place)), events_(std::move(events)), answer_(io, [this] { answer(); }) {}
  void report(const Report& report) override {
    std::string text = place_ + " gone";
    if (report.record)
      text = place_ + (report.record->available ? " up " + std::to_string(*report.record->weight) : " down");
    world_.reports.push_back(text);
    settled_ = false;
    answer_.set(common::Alarm::Clock::now());
  }
  bool settled() const override { return settled_; }
  bool looking() const override { return world_.looking; }
  void look(const std::optional<common::Registration>& found) {
    world_.looking = false;
    events_.on_looked(found);
  }

 private:
  void answer() {
    if (!world_.taking) return answer_.set(common::Alarm::Clock::now() + milliseconds(1));
    settled_ = true;
    events_.on_taken();
  }

  World& world_;
  std::string place_;
  Events events_;
  bool settled_ = true;
  common::Alarm answer_;
};

class RosterTest : public testing::Test {
 protected:
  RosterTest() { common::log::set_level("panic"); }
  ~RosterTest() override {
    roster.stop(Service::Ending::now);
    common::TaskGroup waiting(io);
    bool ended = false;
    waiting.spawn("end", end(ended));
    run_until([&] { return ended; });
    common::log::set_level("info");
  }
  boost::asio::awaitable<void> end(bool& ended) {
    co_await roster.end();
    ended = true;
  }

  // Reports to a file of the name `place`, which is never written: the fakes only tell where they would.
  static ServiceConfig service(const std::string& name, const std::string& place = "a") {
    ServiceConfig config;
    config.name = name;
    config.host = "127.0.0.1";
    config.port = 80;
    config.checks.resize(1);
    config.checks[0].interval = milliseconds(1);
    config.checks[0].thresholds = {1, 1};
    config.reporters.push_back({"file", FileOptions{place}});
    config.lifecycle.record.host = "127.0.0.1";
    config.lifecycle.record.port = 80;
    config.lifecycle.weight = 100;
    config.lifecycle.warmup_interval = milliseconds(1);
    config.lifecycle.disable_min_duration = milliseconds(0);
    return config;
  }

  template <class Condition>
  void run_until(Condition reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (!reached() && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(10));
    ASSERT_TRUE(reached());
  }
  void run_until_last(const std::string& report) {
    run_until([&] { return !world.reports.empty() && world.reports.back() == report; });
  }
  void run_for(milliseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    io.restart();
    while (std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(1));
  }
  const Service& only() { return *roster.services().at(0); }

  boost::asio::io_context io;
  common::Metrics metrics;
  ServiceMetrics service_metrics{metrics};
  common::EventLog events;
  World world;
  FakeReporter* last_reporter = nullptr;
  Roster roster{
      io,
      Service::Makers{.check =
                          [this](const CheckConfig&) {
                            ++world.checks_made;
                            return std::make_unique<FakeCheck>(world);
                          },
                      .reporter =
                          [this](const ReporterConfig& config, const ReportSubject& subject, Reporter::Events given) {
                            const auto place = std::get<FileOptions>(config.options).path;
                            const auto name = subject.node_name.substr(0, subject.node_name.find('_'));
                            auto reporter = std::make_unique<FakeReporter>(io, world, name + "@" + place, given);
                            last_reporter = reporter.get();
                            return reporter;
                          }},
      Telemetry{service_metrics, events}, [] {}};
};

TEST_F(RosterTest, TouchesNothingThatIsTheSame) {
  const auto first = roster.apply({service("web"), service("db")});
  EXPECT_EQ(first.added, (std::vector<std::string>{"web", "db"}));
  run_until([&] { return roster.services()[0]->status().current_weight == 100; });
  const Service* web = roster.services()[0].get();
  const Service* db = roster.services()[1].get();
  const int checks = world.checks_made;
  const auto second = roster.apply({service("db"), service("web")});
  EXPECT_EQ(second.unchanged, 2u);
  run_for(milliseconds(20));
  EXPECT_EQ(roster.services()[0].get(), db) << "in the order of the configuration";
  EXPECT_EQ(roster.services()[1].get(), web);
  EXPECT_EQ(world.checks_made, checks);
}

TEST_F(RosterTest, AChangeThatLeavesTheChecksAloneIsImmediateAndWithoutAStep) {
  roster.apply({service("web")});
  run_until_last("web@a up 100");
  auto changed = service("web");
  changed.lifecycle.weight = 50;
  world.checks_pass = true;
  EXPECT_EQ(roster.apply({changed}).changed, std::vector<std::string>{"web"});
  run_until_last("web@a up 50");
  const auto before = world.reports.end()[-2];
  EXPECT_EQ(before, "web@a up 100") << "neither gone nor warmed up in between";
}

TEST_F(RosterTest, AChangeGivesNoNewReportsToAServiceThatHasUsedItsRate) {
  auto limited = service("web");
  limited.lifecycle.warmup_interval = milliseconds(100'000);
  limited.lifecycle.rate_limit = RateLimit{.average_rate = 0.001, .max_burst = 2, .shadow_mode = false};
  roster.apply({limited});
  run_until([&] { return world.reports.size() == 1; });
  limited.lifecycle.record.labels["a"] = "1";
  roster.apply({limited});
  run_until([&] { return world.reports.size() == 2; });
  limited.lifecycle.record.labels["a"] = "2";
  roster.apply({limited});
  run_for(milliseconds(100));
  EXPECT_EQ(world.reports.size(), 2u);
  EXPECT_EQ(only().config(), limited);
}

TEST_F(RosterTest, ASuccessorWithOtherChecksProvesItselfFirst) {
  roster.apply({service("web")});
  run_until_last("web@a up 100");
  auto changed = service("web");
  changed.checks[0].thresholds = {1'000'000, 1'000'000};
  changed.lifecycle.weight = 50;
  roster.apply({changed});
  run_for(milliseconds(50));
  EXPECT_EQ(only().config().lifecycle.weight, 100) << "it has no verdict yet";
  EXPECT_EQ(world.reports.back(), "web@a up 100");
  world.checks_pass = false;
  run_until_last("web@a down");
  EXPECT_EQ(only().config().lifecycle.weight, 100) << "the old one is still in charge";
}

TEST_F(RosterTest, TheOldPlaceIsLeftWhenTheNewOneIsTaken) {
  roster.apply({service("web", "a")});
  run_until_last("web@a up 100");
  world.taking = false;
  roster.apply({service("web", "b")});
  run_until_last("web@b up 100");
  run_for(milliseconds(20));
  EXPECT_EQ(world.reports.back(), "web@b up 100") << "the old place is kept until the new one is confirmed";
  world.taking = true;
  run_until_last("web@a gone");
}

TEST_F(RosterTest, GoingBackDropsTheSuccessor) {
  roster.apply({service("web")});
  run_until_last("web@a up 100");
  const Service* before = &only();
  auto changed = service("web");
  changed.checks[0].thresholds = {20, 20};
  roster.apply({changed});
  EXPECT_EQ(roster.apply({changed}).unchanged, 1u) << "it is on its way";
  EXPECT_EQ(roster.apply({service("web")}).unchanged, 1u);
  run_for(milliseconds(100));
  EXPECT_EQ(&only(), before);
}

TEST_F(RosterTest, ARemovedServiceDrainsAndIsForgotten) {
  auto draining = service("web");
  draining.lifecycle.disable_min_duration = milliseconds(30);
  roster.apply({draining, service("db")});
  run_until([&] { return roster.services()[0]->status().current_weight == 100; });
  EXPECT_EQ(roster.apply({service("db")}).removed, std::vector<std::string>{"web"});
  EXPECT_EQ(roster.services().size(), 2u) << "it is still there while it drains";
  run_until([&] { return roster.services().size() == 1; });
  EXPECT_EQ(std::count(world.reports.begin(), world.reports.end(), "web@a gone"), 1);
  EXPECT_EQ(metrics.text().find("name=\"web\""), std::string::npos) << metrics.text();
  EXPECT_TRUE(roster.apply({service("db")}).removed.empty());
}

TEST_F(RosterTest, AServiceThatShallHaveNoMetricsAnyMoreLeavesNone) {
  roster.apply({service("web")});
  run_until_last("web@a up 100");
  auto quiet = service("web");
  quiet.no_metrics = true;
  EXPECT_EQ(roster.apply({quiet}).changed, std::vector<std::string>{"web"});
  run_until([&] { return metrics.text().find("name=\"web\"") == std::string::npos; });
}

TEST_F(RosterTest, AServiceThatComesBackWhileItDrainsIsNotDisabled) {
  auto draining = service("web");
  draining.lifecycle.disable_min_duration = milliseconds(60'000);
  roster.apply({draining});
  run_until_last("web@a up 100");
  roster.apply({});
  run_until_last("web@a down");
  roster.apply({draining});
  run_until_last("web@a up 100");
  EXPECT_EQ(only().status().mode, Mode::enabled);
}

TEST_F(RosterTest, AServiceThatComesBackLateInItsDrainIsAnnouncedAgainWhenItHasProvenItself) {
  auto web = service("web");
  web.lifecycle.disable_min_duration = milliseconds(5);
  web.checks[0].thresholds = {50, 50};
  roster.apply({web});
  run_until_last("web@a up 100");
  roster.apply({});
  run_until_last("web@a down");
  roster.apply({web});
  run_until_last("web@a gone");  // long before fifty checks
  EXPECT_EQ(roster.services().size(), 1u) << "its place is kept";
  EXPECT_EQ(roster.apply({web}).unchanged, 1u);
  run_until_last("web@a up 100");
}

TEST_F(RosterTest, AServiceThatComesAndGoesWhileItDrainsIsGone) {
  auto web = service("web");
  web.lifecycle.disable_min_duration = milliseconds(20);
  web.checks[0].thresholds = {10, 10};
  roster.apply({web});
  run_until_last("web@a up 100");
  roster.apply({});
  roster.apply({web});
  EXPECT_EQ(roster.apply({}).removed, std::vector<std::string>{"web"});
  run_until([&] { return roster.services().empty(); });
  run_for(milliseconds(50));
  EXPECT_EQ(world.reports.back(), "web@a gone");
}

TEST_F(RosterTest, HandingOverTakesNothingAwayThatWasLeftElsewhere) {
  roster.apply({service("web", "a")});
  run_until_last("web@a up 100");
  world.taking = false;
  roster.apply({service("web", "b")});
  run_until_last("web@b up 100");
  roster.stop(Service::Ending::hand_over);
  run_for(milliseconds(20));
  EXPECT_EQ(world.reports.back(), "web@b up 100") << "at a it may be all that is registered";
  world.taking = true;
  run_until([&] { return roster.all_confirmed(); });
}

TEST_F(RosterTest, StoppingWaitsForTheDrainOfWhatWasRemoved) {
  auto web = service("web");
  web.lifecycle.disable_min_duration = milliseconds(60'000);
  web.lifecycle.down_on_shutdown = false;
  roster.apply({web});
  run_until_last("web@a up 100");
  EXPECT_EQ(roster.longest_drain(), milliseconds(0)) << "it would stay";
  roster.apply({});
  EXPECT_EQ(roster.longest_drain(), milliseconds(60'000));
}

TEST_F(RosterTest, AChangeWaitsForADrainThatSomebodyWaitsFor) {
  auto slow = service("web");
  slow.lifecycle.disable_min_duration = milliseconds(50);
  roster.apply({slow});
  run_until_last("web@a up 100");
  std::optional<bool> answer;
  roster.services()[0]->disable(false, [&](bool done) { answer = done; });
  auto changed = slow;
  changed.lifecycle.weight = 50;
  roster.apply({changed});
  run_until([&] { return answer.has_value(); });
  EXPECT_TRUE(*answer);
  run_until([&] { return only().config().lifecycle.weight == 50; });
  EXPECT_EQ(only().status().mode, Mode::disabled);
}

TEST_F(RosterTest, RemovesAlsoWhatItWouldLeaveAtAShutdown) {
  auto kept = service("web");
  kept.lifecycle.down_on_shutdown = false;
  roster.apply({kept});
  run_until_last("web@a up 100");
  roster.apply({});
  run_until_last("web@a gone");
}

TEST_F(RosterTest, StoppingLeavesOnlyWhatIsToBeLeft) {
  auto kept = service("kept");
  kept.lifecycle.down_on_shutdown = false;
  roster.apply({kept, service("web")});
  run_until([&] {
    return roster.services()[0]->status().current_weight == 100 && roster.services()[1]->status().current_weight == 100;
  });
  roster.stop(Service::Ending::shutdown);
  run_until([&] { return roster.all_stopped() && roster.all_confirmed(); });
  EXPECT_TRUE(roster.keeps_registrations());
  EXPECT_EQ(std::count(world.reports.begin(), world.reports.end(), "web@a gone"), 1);
  EXPECT_EQ(std::count(world.reports.begin(), world.reports.end(), "kept@a gone"), 0);
}

TEST_F(RosterTest, GoesOnWithWhatTheRegistryStillShows) {
  world.looking = true;
  roster.apply({service("web")});
  run_until([&] { return only().proven(); });
  EXPECT_TRUE(world.reports.empty()) << "it does not know yet what an earlier life has left";
  common::Registration found;
  found.available = true;
  found.weight = 100;
  last_reporter->look(found);
  run_until([&] { return !world.reports.empty(); });
  EXPECT_EQ(world.reports[0], "web@a up 100");
}

TEST_F(RosterTest, StartsAnewWhenWhatWasLeftIsNotAvailable) {
  world.looking = true;
  roster.apply({service("web")});
  common::Registration found;
  found.available = false;
  found.weight = 0;
  last_reporter->look(found);
  run_until([&] { return !world.reports.empty(); });
  EXPECT_EQ(world.reports[0], "web@a up 1");
}

TEST_F(RosterTest, GoesItsWayWhenTheRegistryDoesNotAnswer) {
  world.looking = true;
  const auto start = std::chrono::steady_clock::now();
  roster.apply({service("web")});
  run_until([&] { return !world.reports.empty(); });
  EXPECT_EQ(world.reports[0], "web@a up 1");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(900));
}

TEST_F(RosterTest, AStopBeforeTheRegistryHasAnsweredIsNotTakenBack) {
  world.looking = true;
  roster.apply({service("web")});
  roster.stop(Service::Ending::shutdown);
  run_until([&] { return roster.all_stopped(); });
  common::Registration found;
  found.available = true;
  found.weight = 100;
  last_reporter->look(found);
  run_for(milliseconds(20));
  for (const auto& report : world.reports) EXPECT_EQ(report.find("up"), std::string::npos) << report;
  EXPECT_TRUE(roster.all_stopped());
}

TEST_F(RosterTest, AnOperatorNeedNotWaitForTheRegistry) {
  world.looking = true;
  roster.apply({service("web")});
  roster.services()[0]->enable(true);
  run_until([&] { return !world.reports.empty(); });
  EXPECT_EQ(world.reports[0], "web@a up 1");
}

TEST_F(RosterTest, ContinuesWhatAnOperatorAskedOfTheLifeBefore) {
  Resumed past;
  past.mode = Mode::disabled;
  past.full_weight = 7;
  roster.apply({service("web")}, {{"web", past}});
  run_until_last("web@a down");
  EXPECT_EQ(only().status().mode, Mode::disabled);
  EXPECT_EQ(only().status().max_weight, 7);
}

TEST_F(RosterTest, TheRateLimitHoldsBackTheUpsOfAFlappingService) {
  auto limited = service("web");
  limited.lifecycle.weight = 1;
  limited.lifecycle.rate_limit = RateLimit{.average_rate = 0.5, .max_burst = 2};
  const auto start = std::chrono::steady_clock::now();
  roster.apply({limited});
  run_until_last("web@a up 1");
  world.checks_pass = false;
  run_until_last("web@a down");
  world.checks_pass = true;
  run_until_last("web@a up 1");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(2000)) << "two at once, and then one in two seconds";
  EXPECT_NE(metrics.text().find("nerve_report_rate_limited_total{ip=\"127.0.0.1\",name=\"web\",port=\"80\"} 1"),
            std::string::npos);
}

}  // namespace
}  // namespace nerve
