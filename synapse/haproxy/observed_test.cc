#include "synapse/haproxy/observed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;

// As HAProxy 2.6.12 and 3.0.11 write it.
const std::string kHeader =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port\n";

ObservedServer named(std::string name) {
  ObservedServer server;
  server.name = std::move(name);
  return server;
}

ObservedServer parse_one(const std::string& row) {
  auto state = parse_servers_state(kHeader + row + "\n\n");
  EXPECT_TRUE(state.has_value());
  if (!state.has_value() || state->backends.size() != 1) return {};
  return state->backends.begin()->second.servers.at(0);
}

TEST(ServersState, ReadsAServerInService) {
  auto server = parse_one("2 web_1 1 a 10.0.0.1 2 0 200 10 42 6 3 4 6 0 0 0 - 8080 - 0 0 - - 0");
  EXPECT_EQ(server.name, "a");
  EXPECT_EQ(server.address, "10.0.0.1");
  EXPECT_EQ(server.port, 8080);
  EXPECT_EQ(server.weight, 200);
  EXPECT_EQ(server.initial_weight, 10);
  EXPECT_EQ(server.seconds_since_change, 42);
  EXPECT_TRUE(server.up);
  EXPECT_TRUE(server.check_configured);
  EXPECT_TRUE(server.check_enabled);
  EXPECT_FALSE(server.forced_maintenance);
  EXPECT_FALSE(server.inherited_maintenance);
  EXPECT_FALSE(server.forced_drain);
  EXPECT_FALSE(server.agent_configured);
  EXPECT_EQ(server.options, std::nullopt);
}

TEST(ServersState, ReadsEveryKindOfMaintenance) {
  auto with_admin_state = [](int state) {
    return parse_one("2 web_1 1 a 10.0.0.1 0 " + std::to_string(state) + " 1 1 0 1 0 0 14 0 0 0 - 80 - 0 0 - - 0");
  };
  EXPECT_TRUE(with_admin_state(1).forced_maintenance);
  EXPECT_TRUE(with_admin_state(5).forced_maintenance);   // `disabled` in the file
  EXPECT_FALSE(with_admin_state(4).forced_maintenance);  // the same after `state ready`: in service
  EXPECT_FALSE(with_admin_state(4).inherited_maintenance);
  EXPECT_TRUE(with_admin_state(2).inherited_maintenance);
  EXPECT_TRUE(with_admin_state(32).inherited_maintenance);
  EXPECT_TRUE(with_admin_state(8).forced_drain);
  EXPECT_FALSE(with_admin_state(16).forced_drain);
}

TEST(ServersState, ReadsChecksThatDoNotRunYet) {
  auto added = parse_one("2 web_1 5 x1 127.0.0.1 0 1 1 1 0 1 0 0 2 18 0 0 - 80 - 0 0 - - 0");
  EXPECT_TRUE(added.check_configured);
  EXPECT_FALSE(added.check_enabled);
  EXPECT_TRUE(added.agent_configured);
  EXPECT_FALSE(added.agent_enabled);
  EXPECT_FALSE(added.up);
}

TEST(ServersState, ReadsAddresses) {
  EXPECT_EQ(parse_one("2 b 1 a ::1 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0").address, "::1");
  EXPECT_EQ(parse_one("2 b 1 a - 2 0 1 1 0 1 0 2 0 0 0 0 localhost 80 - 0 0 - - 0").address, "");
  EXPECT_EQ(parse_one("2 b 1 a - 2 0 1 1 0 1 0 2 0 0 0 0 - 0 - 0 0 - - 0").port, 0);
}

// HAProxy does not tell their paths.
TEST(ServersState, HasUnixSocketsFromTheFileOnly) {
  const auto read = [](const std::string& address, int port) {
    ObservedBackend backend{
        "b",
        {parse_one("2 b 1 a " + address + " 2 0 1 1 0 1 0 2 0 0 0 0 - " + std::to_string(port) + " - 0 0 - - 0")},
        {}};
    return backend;
  };
  const ServerSpec loaded{"a", "/run/a.sock", 0, 1, true, {"check"}};
  auto backend = read("-", 0);
  EXPECT_EQ(backend.servers[0].address, "");
  adopt({loaded}, true, backend);
  EXPECT_EQ(backend.servers[0].address, "/run/a.sock");
  auto again = read("-", 0);
  carry_over(backend, again);
  EXPECT_EQ(again.servers[0].address, "/run/a.sock");
  // Somebody put another server there.
  for (auto other : {read("-", 80), read("10.0.0.1", 80)}) {
    const auto address = other.servers[0].address;
    carry_over(backend, other);
    adopt({loaded}, true, other);
    EXPECT_EQ(other.servers[0].address, address);
  }
  // An address that is none stays none.
  auto name = read("-", 0);
  adopt({{"a", "10.0.0.1", 80, 1, true, {}}}, true, name);
  EXPECT_EQ(name.servers[0].address, "");
}

TEST(ServersState, GroupsByBackendInOrder) {
  auto state = parse_servers_state(kHeader +
                                   "2 web_1 1 b 10.0.0.1 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "2 web_1 2 a 10.0.0.2 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "3 api_2 1 c 10.0.0.3 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n\n");
  ASSERT_TRUE(state.has_value());
  ASSERT_EQ(state->backends.size(), 2U);
  const auto& web = state->backends.at("web_1");
  EXPECT_EQ(web.name, "web_1");
  ASSERT_EQ(web.servers.size(), 2U);
  EXPECT_EQ(web.servers[0].name, "b");
  EXPECT_NE(web.find("a"), nullptr);
  EXPECT_EQ(web.find("c"), nullptr);
  EXPECT_EQ(state->skipped_lines, 0);
}

TEST(ServersState, NoServersIsAnAnswer) {
  auto state = parse_servers_state(kHeader + "\n");
  ASSERT_TRUE(state.has_value());
  EXPECT_TRUE(state->backends.empty());
}

TEST(ServersState, FindsColumnsByTheirNames) {
  auto state = parse_servers_state(
      "1\n# srv_port shiny srv_name be_name srv_agent_state srv_check_state srv_iweight srv_uweight srv_admin_state "
      "srv_op_state srv_time_since_last_change srv_addr srv_check_health srv_check_result\n"
      "80 x a web_1 0 6 1 5 0 2 9 10.0.0.1 4 3\n\n");
  ASSERT_TRUE(state.has_value());
  const auto& server = state->backends.at("web_1").servers.at(0);
  EXPECT_EQ(server.port, 80);
  EXPECT_EQ(server.weight, 5);
  EXPECT_EQ(server.address, "10.0.0.1");
  EXPECT_TRUE(server.check_passed);
  EXPECT_EQ(server.check_health, 4);
}

TEST(ServersState, CountsLinesItCannotRead) {
  auto state = parse_servers_state(kHeader +
                                   "2 web_1 1 a 10.0.0.1 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "2 web_1 2 b 10.0.0.2 2 0 1 1\n"
                                   "2 web_1 3 c 10.0.0.2 two 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "2 web_1 4 d;quit 10.0.0.2 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "2 web_1 1 a 10.0.0.9 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n"
                                   "garbage\n\n");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->backends.at("web_1").servers.size(), 1U);
  EXPECT_EQ(state->backends.at("web_1").servers[0].address, "10.0.0.1");
  EXPECT_EQ(state->skipped_lines, 5);
}

TEST(ServersState, SaysWhatIsMissing) {
  auto error = [](const std::string& text) {
    auto state = parse_servers_state(text);
    return state.has_value() ? "none" : state.error().message;
  };
  EXPECT_EQ(error(""), "the answer to 'show servers state' is cut off");
  EXPECT_EQ(error(kHeader + "2 web_1 1 a 10.0.0.1 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 1"),
            "the answer to 'show servers state' is cut off");
  EXPECT_EQ(error("2\n# be_name\n"), "'show servers state' is not of format version 1: \"2\"");
  EXPECT_EQ(error("Unknown command\n"), "'show servers state' is not of format version 1: \"Unknown\"");
  EXPECT_EQ(error("1\n"), "'show servers state' has no header line");
  EXPECT_EQ(error("1\n# be_id be_name srv_name\n"), "'show servers state' has no column srv_addr");
}

TEST(ServersState, SurvivesEveryCut) {
  auto text = kHeader + "2 web_1 1 a 10.0.0.1 2 0 1 1 0 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n\n";
  for (std::size_t length = 0; length < text.size() - 2; ++length) {
    auto state = parse_servers_state(text.substr(0, length));
    EXPECT_TRUE(!state.has_value() || state->backends.empty()) << length;
  }
}

TEST(CarryOver, KeepsWhatHaproxyDoesNotTell) {
  ObservedBackend before{"web_1", {named("a"), named("gone")}, {"x"}};
  before.servers[0].options = {"check"};
  before.servers[0].removal_refused = true;
  ObservedBackend fresh{"web_1", {named("a"), named("by-hand")}, {}};
  carry_over(before, fresh);
  EXPECT_EQ(fresh.servers[0].options, std::vector<std::string>{"check"});
  EXPECT_TRUE(fresh.servers[0].removal_refused);
  EXPECT_EQ(fresh.servers[1].options, std::nullopt);
  EXPECT_THAT(fresh.refused, ElementsAre("x"));
}

TEST(CarryHolds, KeepsAPersonsWhereTheLoadedFileHoldsTheServerToo) {
  ObservedBackend before;
  before.servers = {named("held"), named("served"), named("drained"), named("ours")};
  for (auto& server : before.servers) server.by_hand = ByHand::maintenance;
  before.servers[3].by_hand = ByHand::nothing;
  ObservedBackend fresh;
  fresh.servers = {named("held"), named("served"), named("drained"), named("ours"), named("new")};
  for (const int held : {0, 3, 4}) fresh.servers[static_cast<std::size_t>(held)].forced_maintenance = true;
  fresh.servers[0].unverified = true;
  fresh.servers[2].forced_drain = true;
  fresh.servers[2].draining = true;
  carry_holds(before, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::maintenance);
  EXPECT_FALSE(fresh.servers[0].unverified);
  EXPECT_EQ(fresh.servers[1].by_hand, ByHand::nothing);
  EXPECT_EQ(fresh.servers[2].by_hand, ByHand::drain);
  EXPECT_FALSE(fresh.servers[2].draining);
  EXPECT_EQ(fresh.servers[3].by_hand, ByHand::nothing);
  EXPECT_EQ(fresh.servers[4].by_hand, ByHand::nothing);
}

TEST(AdoptOptions, TakesThoseOfTheLoadedFile) {
  ObservedBackend fresh{"web_1", {named("a"), named("b")}, {}};
  adopt({{"a", "10.0.0.1", 80, 1, true, {"check", "weight", "3"}}, {"c", "10.0.0.1", 80, 1, true, {}}}, false, fresh);
  EXPECT_EQ(fresh.servers[0].options, std::vector<std::string>{"check"});
  EXPECT_EQ(fresh.servers[1].options, std::nullopt);
}

}  // namespace
}  // namespace synapse::haproxy
