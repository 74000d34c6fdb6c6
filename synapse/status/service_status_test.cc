#include "synapse/status/service_status.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/status/status_case.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

OutputServer output_server(const std::string& name, OutputMode mode = OutputMode::ready, const std::string& note = "") {
  return {.name = name, .address = "10.0.0.1", .port = 80, .weight = 5, .mode = mode, .note = note};
}

class ServiceStatusTest : public testing::Test {
 protected:
  ServiceStatusTest() {
    facts.place = {.service = "web", .router = "haproxy", .place = "/run/h.cfg"};
    facts.ready = facts.known = true;
    facts.history_key = "web";
  }

  // What is routed of these records, from now on.
  void routes(const std::vector<std::string>& records, std::vector<RoutedServer> servers, int seconds) {
    facts.routed.servers = std::move(servers);
    const auto present = records_of(records);
    const auto before = std::exchange(last, facts.routed);
    history.update("web", before, facts.routed, &present, at(seconds));
  }

  void has(std::vector<OutputServer> servers) { facts.output.present = std::move(servers); }

  ServiceStatus status() const { return status_of(facts, history, at(60)); }

  // "out gone: no record since..." of one server.
  std::string told(const std::string& server) const {
    const auto found = explain(status(), server, at(0), at(60));
    return (found.standing.in ? "in " : "out ") + found.standing.kind + ": " + found.standing.why;
  }

  ServiceFacts facts;
  History history;
  Routed last;
};

TEST_F(ServiceStatusTest, AServerThatTakesTrafficIsIn) {
  routes({"a"}, {routed_server("a")}, 0);
  has({output_server("a")});
  facts.output.wanted = {output_server("a")};
  EXPECT_EQ(told("a"), "in in: ready with weight 5");
  EXPECT_EQ(told("a_node"), told("a"));
  EXPECT_EQ(told("10.0.0.1:80"), told("a"));
  EXPECT_EQ(status().in_service(), 1U);
  EXPECT_EQ(status().state, ServiceState::ok);
  EXPECT_EQ(status().trouble, "");
}

TEST_F(ServiceStatusTest, TheRecordIsTakenAtItsWord) {
  routes({"a", "b"}, {unavailable_server("a", "HTTP 503"), routed_server("b", 0)}, 5);
  has({output_server("a", OutputMode::maintenance), output_server("b", OutputMode::maintenance)});
  EXPECT_EQ(told("a"), "out unavailable: its record says that it is unavailable since 12:00:05: HTTP 503");
  EXPECT_EQ(told("b"), "out unavailable: its record has weight 0 since 12:00:05");
  EXPECT_EQ(status().state, ServiceState::empty);
}

TEST_F(ServiceStatusTest, TheOutputSaysWhatItDoesWithAServer) {
  const std::vector<RoutedServer> wanted = {routed_server("down"), routed_server("held"), routed_server("lost"),
                                            routed_server("new"), routed_server("name")};
  routes({"down", "held", "lost", "new", "name"}, wanted, 0);
  has({output_server("down", OutputMode::down), output_server("held", OutputMode::maintenance, "by hand"),
       output_server("lost", OutputMode::unusable)});
  facts.output.problems["name"] = "backend.example does not resolve";
  EXPECT_EQ(told("down"), "out down: its check in the output fails");
  EXPECT_EQ(told("held"), "out stopped: the output has it in state maintenance (by hand)");
  EXPECT_EQ(told("lost"), "out unusable: the output holds it without an address");
  EXPECT_EQ(told("new"), "out waiting: on its way to the output");
  EXPECT_EQ(told("name"), "out refused: backend.example does not resolve");
  facts.output.waiting = {"a reload is due: option_not_dynamic"};
  EXPECT_EQ(told("new"), "out waiting: waits: a reload is due: option_not_dynamic");
  EXPECT_EQ(status().trouble, "a reload is due: option_not_dynamic");
  facts.output.unknown = "HAProxy is away";
  EXPECT_EQ(told("down"), "out unknown: HAProxy is away");
  EXPECT_EQ(status().state, ServiceState::pending);
}

TEST_F(ServiceStatusTest, WhoWentIsRemembered) {
  routes({"a", "b"}, {routed_server("a"), unavailable_server("b", "HTTP 503")}, 0);
  routes({"a"}, {routed_server("a")}, 7);
  has({output_server("a")});
  EXPECT_EQ(told("b"), "out gone: no record since 12:00:07; last reason: HTTP 503");
  has({output_server("a"), output_server("b", OutputMode::maintenance)});
  EXPECT_EQ(told("b"),
            "out gone: no record since 12:00:07; last reason: HTTP 503; the output still has it in state maintenance");
  EXPECT_EQ(told("c"), "out unseen: nobody of that name was seen since synapse started at 12:00:00");
}

TEST_F(ServiceStatusTest, ALeftOutRecordSaysWhy) {
  routes({"a"}, {routed_server("a")}, 0);
  facts.routed.left_out = {{"a_node", LeftOutBecause::invalid, "port 70000"},
                           {"x_node", LeftOutBecause::duplicate, "twice"}};
  routes({"a", "x"}, {}, 9);
  EXPECT_EQ(told("a"), "out invalid: port 70000 (since 12:00:09)");
  EXPECT_EQ(told("x_node"), "out duplicate: twice");
  EXPECT_THAT(status().gone, IsEmpty()) << "it is told once";
  has({output_server("a", OutputMode::maintenance)});
  EXPECT_EQ(told("a"), "out invalid: port 70000 since 12:00:09; the output still has it in state maintenance");
}

TEST_F(ServiceStatusTest, ALeftOutRecordIsFoundByWhatItSaysOfItself) {
  routes({"a"}, {routed_server("a")}, 0);
  has({output_server("a")});
  facts.routed.left_out = {
      {"api_10.0.0.2_c_0123456789abcdef0123456789abcdef0000000002", LeftOutBecause::filtered, "label \"canary\"",
       "api2", "10.0.0.2", 81},
      {"api3_10.0.0.3_c_0123456789abcdef0123456789abcdef0000000003", LeftOutBecause::invalid, "port 70000"},
      {"b_c_0123456789abcdef0123456789abcdef0000000004", LeftOutBecause::filtered, "label \"az\"", "a", "10.0.0.4",
       80}};
  EXPECT_EQ(told("api2"), "out filtered: label \"canary\"");
  EXPECT_EQ(told("10.0.0.2:81"), told("api2"));
  EXPECT_EQ(told("api_10.0.0.2_c_0123456789abcdef0123456789abcdef0000000002"), told("api2"));
  EXPECT_EQ(told("api3"), "out invalid: port 70000");
  EXPECT_THAT(told("api"), testing::StartsWith("out unseen")) << "only what cannot be read may be anybody's";
  EXPECT_THAT(told("api4"), testing::StartsWith("out unseen"));
  EXPECT_EQ(told("a"),
            "in in: ready with weight 5; the record \"b_c_0123456789abcdef0123456789abcdef0000000004\" of the same "
            "name is out, filtered: label \"az\"");
}

TEST_F(ServiceStatusTest, WhoCameBackWithASpoiltRecordIsNotWithoutOne) {
  routes({"a", "b"}, {routed_server("a"), routed_server("b")}, 0);
  facts.routed.left_out = {{"a_c_0123456789abcdef0123456789abcdef0000000003", LeftOutBecause::invalid, "port 70000"}};
  routes({"b"}, {routed_server("b")}, 9);
  EXPECT_EQ(told("a"),
            "out invalid: its record is now \"a_c_0123456789abcdef0123456789abcdef0000000003\", which is left out: "
            "port 70000");
  EXPECT_EQ(told("a_c_0123456789abcdef0123456789abcdef0000000003"), "out invalid: port 70000");
  has({output_server("a", OutputMode::maintenance)});
  EXPECT_EQ(told("a"),
            "out invalid: its record is now \"a_c_0123456789abcdef0123456789abcdef0000000003\", which is left out: "
            "port 70000; the output "
            "still has it in state maintenance");
}

TEST_F(ServiceStatusTest, KeptServersAreInAndSaySo) {
  routes({"a"}, {routed_server("a")}, 0);
  facts.routed.kept = true;
  routes({}, {routed_server("a")}, 9);
  has({output_server("a")});
  EXPECT_EQ(told("a"), "in kept: no record since 12:00:09, kept in service; ready with weight 5");
  EXPECT_EQ(status().state, ServiceState::kept);
  EXPECT_EQ(status().trouble, "no available server in the source; vanished ones are kept");
}

TEST_F(ServiceStatusTest, HeldServersAreWantedAndSayHowTheyGetOut) {
  routes({"a", "b", "c"}, {routed_server("a"), routed_server("b"), routed_server("c")}, 0);
  facts.routed.available = 1;
  routes({"a"}, {routed_server("a")}, 9);
  facts.held = {routed_server("b"), routed_server("c")};
  has({output_server("a"), output_server("b"), output_server("c", OutputMode::down)});
  facts.output.wanted = {output_server("a"), output_server("b"), output_server("c")};
  const std::string held =
      "no record since 12:00:09, with too many others at once: held until its check in the output fails or its address "
      "or name is registered again; ";
  EXPECT_EQ(told("b"), "in held: " + held + "ready with weight 5");
  EXPECT_EQ(told("b_node"), told("b"));
  EXPECT_EQ(told("c"), "out down: " + held + "its check in the output fails");
  EXPECT_EQ(status().state, ServiceState::held);
  EXPECT_EQ(status().trouble, "2 of 3 servers vanished at once; held for as long as the output finds them alive");
  EXPECT_EQ(status().in_service(), 2U);
  EXPECT_EQ(status().servers.size(), 3U);
  EXPECT_THAT(status().gone, IsEmpty()) << "they are among the servers";
  facts.routed.defaulted = true;
  EXPECT_EQ(status().state, ServiceState::held) << "not only default servers are in";
}

TEST_F(ServiceStatusTest, DefaultServersSaySo) {
  auto server = routed_server("d");
  server.is_default = true;
  facts.routed.defaulted = true;
  routes({}, {server}, 0);
  has({output_server("d")});
  EXPECT_EQ(told("d"), "in default: one of the default servers; ready with weight 5");
  EXPECT_EQ(status().state, ServiceState::defaulted);
}

TEST_F(ServiceStatusTest, AtWeightZeroNobodyNewComes) {
  auto server = routed_server("a", 0);
  server.available = true;
  routes({"a"}, {server}, 0);
  auto drained = output_server("a");
  drained.weight = 0;
  has({drained});
  EXPECT_EQ(told("a"), "out draining: it has weight 0: only what belongs to it already goes on");
}

TEST_F(ServiceStatusTest, BeforeTheSourceHasSpoken) {
  facts.ready = facts.known = false;
  EXPECT_EQ(status().state, ServiceState::not_ready);
  EXPECT_EQ(status().trouble, "the source has not spoken yet");
  has({output_server("a")});
  EXPECT_EQ(told("a"), "in surplus: the source has not spoken yet; the output still has it in state ready");
  EXPECT_EQ(
      told("z"),
      "out unseen: nobody of that name was seen since synapse started at 12:00:00; the source has not spoken yet");
  facts.trouble = "no ZooKeeper";
  EXPECT_EQ(status().trouble, "no ZooKeeper");
  facts.ready = facts.stale = true;
  EXPECT_EQ(status().state, ServiceState::stale);
}

TEST(ClockTime, HasTheDateWhenItIsNotToday) {
  EXPECT_EQ(clock_time(at(191), at(200)), "12:03:11");
  EXPECT_EQ(clock_time(at(191), at(86'400)), "2026-01-31 12:03:11");
}

}  // namespace
}  // namespace synapse
