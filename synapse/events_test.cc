#include "synapse/events.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/limits/limits.h"
#include "common/telemetry/log.h"

namespace synapse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EventsTest : public testing::Test {
 protected:
  EventsTest() { common::log::set_level("panic"); }
  ~EventsTest() override { common::log::set_level("info"); }

  // "what part: old -> new (reason)" of what was recorded.
  std::vector<std::string> recorded() const {
    std::vector<std::string> lines;
    for (const auto* event : events.log().last(100, "")) {
      lines.push_back(event->what + " " + event->part + ": " + event->old_value + " -> " + event->new_value + " (" +
                      event->reason + ")");
    }
    return lines;
  }

  common::Metrics metrics;
  Events events{metrics};
  const ServiceName web{"web", "haproxy /a"};
  const ServiceName other{"web", "haproxy /b"};
};

TEST_F(EventsTest, RecordsWhatChangesAndNothingTwice) {
  events.servers_found(web, 2, 0);
  events.servers_found(web, 2, 0);
  events.servers_found(web, 0, 1);
  events.servers_kept(web);
  events.servers_kept(web);
  events.servers_found(web, 1, 0);
  events.servers_found(web, 0, 0);
  events.servers_defaulted(web);
  events.service_ready(web);
  events.service_ready(web);
  EXPECT_THAT(
      recorded(),
      ElementsAre("servers :  -> 2 available, 0 unavailable ()",
                  "servers : 2 available, 0 unavailable -> 0 available, 1 unavailable ()",
                  "kept : false -> true (every server has vanished from the registry)", "kept : true -> false ()",
                  "servers : 0 available, 1 unavailable -> 1 available, 0 unavailable ()",
                  "servers : 1 available, 0 unavailable -> 0 available, 0 unavailable ()",
                  "defaulted : false -> true (no server is available)", "ready : false -> true ()"));
}

TEST_F(EventsTest, RecordsServersAndRecords) {
  events.servers_changed(web, {{"a", "weight", "1", "2", ""}});
  Routed routed;
  routed.left_out = {{"a_node", LeftOutBecause::invalid, "port 0"}, {"b_node", LeftOutBecause::filtered, "canary"}};
  events.records_judged(web, routed, {});
  events.records_judged(web, routed, {});
  RoutedServer server;
  server.child = "a_node";
  routed.left_out.clear();
  routed.servers = {server};
  events.records_judged(web, routed, {});
  events.records_judged(web, routed, {});
  EXPECT_THAT(recorded(), ElementsAre("weight a: 1 -> 2 ()", "record a_node:  -> left out (port 0)",
                                      "record a_node: left out -> in order ()"));
}

TEST_F(EventsTest, CountsTroublesThatAreTooManyToBeTold) {
  const auto hits = common::limit_hits(common::Limit::told_troubles);
  for (int i = 0; i < 10'010; ++i) events.host_not_resolved("evil" + std::to_string(i), "no");
  EXPECT_EQ(common::limit_hits(common::Limit::told_troubles), hits + 10);
}

TEST_F(EventsTest, NamesThatAreNotNeededAnyMoreDoNotSilenceLaterTrouble) {
  for (int i = 0; i < 20'000; ++i) {
    events.host_not_resolved("evil" + std::to_string(i), "no");
    events.host_forgotten("evil" + std::to_string(i));
  }
  events.watcher_failed(web, "zookeeper", "no");
  EXPECT_THAT(recorded(), Contains("source :  -> failed (no)"));
}

TEST_F(EventsTest, AStormDoesNotPushOutEverythingElse) {
  events.servers_found(web, 0, 0);
  std::vector<History::Change> changes(5000, {"a", "server", "", "in", ""});
  events.servers_changed(web, changes);
  EXPECT_EQ(events.log().last(1000, "").size(), 102u);
  EXPECT_EQ(events.log().last(1, "")[0]->reason, "and 4900 more changes at once");
}

TEST_F(EventsTest, AFloodOfBadRecordsIsCountedAndHardlyTold) {
  Events::Clock::time_point now{};
  for (int round = 0; round < 10; ++round, now += std::chrono::seconds(1)) {
    Routed routed;
    for (int i = 0; i < 1000; ++i) {
      const auto child = std::to_string(round) + "_" + std::to_string(i);
      routed.left_out.push_back({child, LeftOutBecause::invalid, "no"});
    }
    events.records_judged(web, routed, now);
  }
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_record_rejected_total{service=\"web\"} 10000\n"));
  EXPECT_EQ(events.log().last(1000, "").size(), 109u) << "a hundred, and one a second";
}

TEST_F(EventsTest, TellsOnceOfServersInExcess) {
  Routed routed;
  for (const std::size_t excess : {0u, 3u, 4u, 0u, 0u}) {
    routed.excess = excess;
    events.records_judged(web, routed, {});
  }
  EXPECT_THAT(recorded(), ElementsAre("excess : false -> true (3 servers more than maxServers allows)",
                                      "excess : true -> false ()"));
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_service_excess_servers{service=\"web\"} 0\n"));
}

TEST_F(EventsTest, TellsEachComplaintOfASourceOnceUntilItWorksAgain) {
  for (int i = 0; i < 5; ++i) {
    events.watcher_failed(web, "zookeeper", "read /a: no rights");
    events.watcher_failed(web, "zookeeper", "read /b: no rights");
  }
  EXPECT_THAT(recorded(), testing::SizeIs(2));
  events.watcher_recovered(web);
  events.watcher_recovered(web);
  events.watcher_failed(web, "zookeeper", "read /a: no rights");
  EXPECT_THAT(recorded(), testing::SizeIs(4));
  events.watcher_replaced(web);
  events.watcher_recovered(web);
  EXPECT_THAT(recorded(), testing::SizeIs(4)) << "the new source has said nothing";
  for (int i = 0; i < 100; ++i) events.watcher_failed(web, "zookeeper", "complaint " + std::to_string(i));
  EXPECT_LT(recorded().size(), 30u);
}

TEST_F(EventsTest, RecordsWhatHappensToHaproxy) {
  events.haproxy_attached("/a", "2.6.12", 7, false);
  events.reload_wanted("/a", "option_not_dynamic", "web: b");
  events.reload_wanted("/a", "option_not_dynamic", "web: b");
  events.reloaded("/a", {"option_not_dynamic", "tombstones"}, 8, 20);
  events.config_refused("/a", "line 3: no");
  events.haproxy_lost("/a", "signal 9");
  EXPECT_THAT(recorded(), ElementsAre("haproxy :  -> attached (HAProxy 2.6.12 runs, worker 7)",
                                      "reload :  -> wanted (option_not_dynamic: web: b)",
                                      "reload :  -> done (option_not_dynamic, tombstones)",
                                      "config :  -> refused (line 3: no)", "haproxy :  -> lost (signal 9)"));
  EXPECT_EQ(events.log().last(1, "")[0]->router, "haproxy /a");
}

TEST_F(EventsTest, WhatBelongsToARouterEndsWithIt) {
  events.old_workers("/a", 2);
  events.config_refused("/a", "words");
  events.reload_wanted("/a", "options_changed", "web/s1");
  events.config_refused("/ab", "words");
  const auto before = recorded().size();
  events.router_ended("/a");
  EXPECT_THAT(metrics.text(), Not(HasSubstr("synapse_haproxy_old_workers{")));
  events.config_refused("/a", "words");
  events.reload_wanted("/a", "options_changed", "web/s1");
  events.config_refused("/ab", "words");
  EXPECT_EQ(recorded().size(), before + 2) << "those of /a are news again";
}

TEST_F(EventsTest, ASecondServiceOfOneNameHasItsRouterAsLabel) {
  events.servers_found(web, 2, 1);
  events.servers_found(other, 5, 0);
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("synapse_service_available_count{service=\"web\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("synapse_service_unavailable_count{service=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("synapse_service_available_count{router=\"haproxy /b\",service=\"web\"} 5\n"));
}

TEST_F(EventsTest, TheSeriesOfAServiceThatIsGoneEnd) {
  events.servers_found(web, 2, 1);
  events.servers_found(other, 5, 0);
  Routed routed;
  routed.left_out = {{"x", LeftOutBecause::invalid, "no"}};
  events.records_judged(web, routed, {});
  events.watcher_failed(web, "zookeeper", "no");
  events.service_removed(web);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("available_count{service=\"web\"}")));
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_record_rejected_total{service=\"web\"}"))
      << "the other one counts there";
  events.service_removed(other);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"web\"")));
  events.service_removed(other);
  events.servers_wanted(other, Events::Clock::now());
  events.servers_acknowledged(other, Events::Clock::now());
  events.service_ready(other);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"web\""))) << "its router may take a while to end";
  events.servers_found(other, 1, 0);
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_service_available_count{service=\"web\"} 1\n"));
}

class Propagation : public EventsTest {
 protected:
  // How many changes were measured.
  int count(const std::string& since) const {
    const auto text = metrics.text();
    const std::string line = "synapse_propagation_seconds_count{since=\"" + since + "\"} ";
    return std::stoi(text.substr(text.find(line) + line.size()));
  }

  const Events::Clock::time_point now = Events::Clock::now();
  const WallTime wall = std::chrono::system_clock::now();
};

TEST_F(Propagation, IsMeasuredUntilAllIsAcknowledged) {
  events.servers_found(web, 1, 0);
  events.servers_acknowledged(web, now);
  EXPECT_EQ(count("event"), 0) << "nothing was wanted";
  events.change_heard(web, wall - milliseconds(20));
  events.servers_wanted(web, now);
  events.servers_wanted(web, now + milliseconds(2));
  events.servers_acknowledged(web, now + milliseconds(3));
  EXPECT_EQ(count("event"), 1);
  EXPECT_EQ(count("change"), 1);
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_propagation_seconds_bucket{since=\"event\",le=\"0.005\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("synapse_propagation_seconds_bucket{since=\"event\",le=\"0.002\"} 0\n"));
}

TEST_F(Propagation, DoesNotBelieveAnotherHostsClock) {
  for (const auto written : {wall + seconds(5), wall - std::chrono::hours(1)}) {
    events.change_heard(web, written);
    events.servers_wanted(web, now);
    events.servers_acknowledged(web, now + milliseconds(1));
  }
  EXPECT_EQ(count("event"), 2);
  EXPECT_EQ(count("change"), 0);
}

TEST_F(Propagation, ASnapshotWithoutNewsHasNoTime) {
  events.change_heard(web, wall - milliseconds(20));
  events.change_heard(web, std::nullopt);
  events.servers_wanted(web, now);
  events.servers_acknowledged(web, now + milliseconds(1));
  EXPECT_EQ(count("event"), 1);
  EXPECT_EQ(count("change"), 0);
}

}  // namespace
}  // namespace synapse
