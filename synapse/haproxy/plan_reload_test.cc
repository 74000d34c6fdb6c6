// What plan() cannot do with commands, and what stands in the file then.
#include "synapse/haproxy/plan_case.h"

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Plan, AStaticBalanceTakesFewWeights) {
  const Words lines = {"balance static-rr"};
  expect_commands({{wanted("a", 0)}, {present("a")}, lines}, {"set server web_1/a weight 0"});
  auto zero = present("a");
  zero.weight = 0;
  expect_commands({{wanted("a", 10)}, {zero}, lines}, {"set server web_1/a weight 10"});
  expect_reload({{wanted("a", 11)}, {present("a")}, lines},
                "weight_not_live: web_1/a: weight 10 to 11 under static load balancing");
  // Out of service there is no hurry.
  EXPECT_TRUE((Case{{wanted("a", 11, false)}, {in_maintenance("a")}, lines}.plan().done()));
  // State and address change all the same.
  expect_commands({{wanted("a", 10, false)}, {present("a")}, lines}, {"set server web_1/a state maint"});
}

TEST(Plan, ReloadsForAServerThatCannotBeAdded) {
  expect_reload(
      {{wanted("a")}, {}, {"balance static-rr"}},
      "backend_not_dynamic: web_1/a is new: 'balance static-rr' without a consistent hash takes no servers at "
      "run time");
  Case old{{wanted("a")}, {}};
  old.capabilities = kOld;
  expect_reload(old, "haproxy_too_old: web_1/a is new: HAProxy 2.3.21 takes no servers at run time (2.6 does)");
  expect_reload({{wanted("a", 1, true, {"check", "cookie", "a"})}, {}},
                "option_not_dynamic: web_1/a is new: HAProxy does not take 'cookie' at run time");
  expect_reload({{wanted("a", 1, true, {})}, {}, {"default-server init-addr none"}},
                "option_not_dynamic: web_1/a is new: HAProxy does not take 'init-addr' at run time");
  Case refused{{wanted("a")}, {}};
  refused.refused = {"a"};
  expect_reload(refused, "command_refused: web_1/a is new, and HAProxy refused to add it");
  EXPECT_THAT(refused.plan().commands, IsEmpty());
}

TEST(Plan, DoesNotReloadForAServerThatWouldNotServe) {
  EXPECT_TRUE((Case{{wanted("a", 10, false)}, {}, {"balance static-rr"}}.plan().done()));
  EXPECT_TRUE((Case{{wanted("a", 10, false, {"cookie", "x"})}, {}}.plan().done()));
  EXPECT_TRUE((Case{{wanted("a", 10, false, {"inter", "1s"})}, {in_maintenance("a")}}.plan().done()));
}

TEST(Plan, WhatCanBeDoneLiveIsNotHeldUpByAReload) {
  auto plan = Case{{wanted("a", 20), wanted("b", 1, true, {"cookie", "b"})}, {present("a"), present("c")}}.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/a weight 20", "set server web_1/c state maint"));
  EXPECT_EQ(plan.reloads.size(), 1U);
}

// The reload takes it out, and its successor in.
TEST(Plan, TheLastServerServesUntilTheReload) {
  const Words lines = {"balance static-rr"};
  auto plan = Case{{wanted("new")}, {present("old")}, lines}.plan();
  EXPECT_THAT(plan.commands, IsEmpty());
  EXPECT_EQ(plan.reloads.size(), 1U);
  plan = Case{{wanted("new"), wanted("a")}, {present("old"), present("a")}, lines}.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/old state maint"));
  plan = Case{{wanted("new"), wanted("a")}, {present("old"), in_maintenance("a")}, lines}.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/a state ready", "set server web_1/old state maint"));
  // Nobody is wanted: nobody is kept.
  plan = Case{{}, {present("old")}, lines}.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/old state maint"));
}

TEST(Plan, ReloadsForChangedOptionsWhereDeletionIsNotSafe) {
  expect_reload({{wanted("a", 10, true, {"check", "inter", "1s"})}, {present("a")}},
                "options_changed: web_1/a: its options changed");
  auto stranger = present("a");
  stranger.options.reset();
  expect_reload({{wanted("a")}, {stranger}}, "options_changed: web_1/a: the options it runs with are not known");
  // Also of one that does not serve: a next life would take what is in the file for what it runs with.
  auto disabled = in_maintenance("a");
  disabled.options.reset();
  expect_reload({{wanted("a", 10, false)}, {disabled}},
                "options_changed: web_1/a: the options it runs with are not known");
}

TEST(Plan, ReplacesForChangedOptionsWhereDeletionIsSafe) {
  Case c{{wanted("a", 10, true, {"inter", "1s"}), wanted("b")}, {present("a"), present("b")}};
  c.capabilities = k30;
  expect_commands(c, {"set server web_1/a state maint", "del server web_1/a",
                      "add server web_1/a 10.0.0.1:80 weight 10 inter 1s" + kPool, "set server web_1/a state ready"});
  // Once refused, never again: connections are attached.
  c.observed[0].removal_refused = true;
  expect_reload(c, "options_changed: web_1/a: its options changed");
}

TEST(Plan, NeverTakesTheLastServerOutToReplaceIt) {
  Case c{{wanted("a", 10, true, {"inter", "1s"})}, {present("a")}};
  c.capabilities = k30;
  expect_reload(c, "options_changed: web_1/a: its options changed");
  // Another one that serves nobody does not count.
  c.servers.push_back(wanted("b", 10, false));
  c.observed.push_back(in_maintenance("b"));
  expect_reload(c, "options_changed: web_1/a: its options changed");
  c.servers[1] = wanted("b", 0);
  c.observed[1] = present("b");
  c.observed[1].weight = 0;
  expect_reload(c, "options_changed: web_1/a: its options changed");
  // One that is out of service may always be replaced.
  c.observed[0] = in_maintenance("a");
  expect_commands(c, {"del server web_1/a", "add server web_1/a 10.0.0.1:80 weight 10 inter 1s" + kPool,
                      "set server web_1/a state ready"});
}

TEST(Plan, AServerWithoutAnAddressCannotBeRepaired) {
  auto lost = present("a");
  lost.address.clear();
  expect_reload({{wanted("a")}, {lost}}, "unusable_server: web_1/a has no address in HAProxy");
  expect_commands({{wanted("a", 10, false)}, {lost}}, {"set server web_1/a state maint"});
  Case c{{wanted("a", 10, true, {})}, {lost}};
  c.capabilities = k30;
  expect_commands(c, {"set server web_1/a state maint", "del server web_1/a",
                      "add server web_1/a 10.0.0.1:80 weight 10" + kPool, "set server web_1/a state ready"});
}

// HAProxy: "Update for the current server address family is only supported through configuration file".
TEST(Plan, MovesToOrFromAUnixSocketByAReloadOrAReplacement) {
  auto on_socket = [](auto server, const std::string& path) {
    server.address = path;
    server.port = 0;
    return server;
  };
  const std::string reason = "unusable_server: web_1/a: its unix socket is another one, or none";
  for (const auto& [to, from] : {std::pair(on_socket(wanted("a"), "/run/a"), present("a")),
                                 std::pair(wanted("a"), on_socket(present("a"), "/run/a")),
                                 std::pair(on_socket(wanted("a"), "/run/a"), on_socket(present("a"), "/run/b"))}) {
    Case c{{to, wanted("b")}, {from, present("b")}};
    expect_reload(c, reason);
    EXPECT_THAT(c.plan().commands, IsEmpty());
    // At its old address nobody may be served again.
    c.observed[0].forced_maintenance = true;
    expect_reload(c, reason);
    EXPECT_THAT(c.plan().commands, IsEmpty());
    c.observed[0].forced_maintenance = false;
    c.capabilities = k30;
    EXPECT_THAT(c.plan().reloads, IsEmpty());
    EXPECT_THAT(texts(c.plan().commands),
                ElementsAre("set server web_1/a state maint", "del server web_1/a",
                            "add server web_1/a " + written_address(to) + " weight 10 check" + kPool,
                            "enable health web_1/a", "set server web_1/a state ready"));
    // What the file says of the present.
    c.capabilities = k26;
    const auto backend = c.backend();
    const auto running = servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::running);
    EXPECT_EQ(running[0].address, from.address);
    EXPECT_EQ(running[0].port, from.port);
    EXPECT_EQ(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::reload)[0], to);
    c.servers[0].enabled = false;
    expect_commands(c, {"set server web_1/a state maint"});
  }
}

TEST(Plan, ABackendThatHaproxyDoesNotKnowIsLoaded) {
  Case c{{wanted("a")}, {}};
  auto plan = haproxy::plan(c.spec(), c.traits(), nullptr, k26);
  EXPECT_THAT(plan.commands, IsEmpty());
  EXPECT_THAT(reasons(plan), ElementsAre("backend_missing: web_1 is not known to HAProxy"));
}

TEST(Plan, NormalisesOptions) {
  expect_commands({{wanted("a", 10, true, {"check", "weight", "7"})}, {present("a")}}, {"set server web_1/a weight 7"});
}

Words lines_of(const std::vector<ServerSpec>& servers) {
  Words lines;
  for (const auto& server : servers) lines.push_back(server.name + (server.enabled ? "" : " disabled"));
  return lines;
}

TEST(ServersForFile, TellsWhatHaproxyHas) {
  Case c{{wanted("b"), wanted("a", 10, false)}, {in_maintenance("dead"), present("a"), present("leaving")}};
  auto backend = c.backend();
  auto servers = servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::running);
  EXPECT_THAT(lines_of(servers), ElementsAre("b", "a disabled", "dead disabled", "leaving disabled"));
  ASSERT_EQ(servers.size(), 4U);
  EXPECT_EQ(servers[2].options, Words{"check"});
  EXPECT_THAT(lines_of(servers_for_file(c.spec(), c.traits(), nullptr, k26, FileFor::running)),
              ElementsAre("b", "a disabled"));
}

// A server that is out of service keeps its old options in HAProxy, and the file must not say otherwise.
TEST(ServersForFile, TellsTheOptionsThatHaproxyHas) {
  Case c{{wanted("a", 10, false, {"inter", "1s"})}, {in_maintenance("a")}};
  auto backend = c.backend();
  EXPECT_EQ(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::running)[0].options, Words{"check"});
  EXPECT_EQ(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::reload)[0].options, (Words{"inter", "1s"}));
}

TEST(ServersForFile, AReloadSweepsTombstonesThatCanReturn) {
  Case c{{wanted("a")}, {in_maintenance("dead"), in_maintenance("sticky"), present("own")}};
  c.observed[1].options = Words{"cookie", "x"};
  c.lines = {"server own 10.0.0.1:80"};
  auto backend = c.backend();
  EXPECT_THAT(lines_of(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::reload)),
              ElementsAre("a", "sticky disabled"));
  EXPECT_THAT(lines_of(servers_for_file(c.spec(), c.traits(), &backend, k30, FileFor::reload)), ElementsAre("a"));
}

TEST(ServersForFile, TombstonesThatStayAreTheYoungest) {
  Case c{{wanted("a")}, {}, {"balance source"}};
  for (int i = 0; i < 15; ++i) {
    c.observed.push_back(in_maintenance("dead" + std::to_string(i)));
    c.observed.back().seconds_since_change = 100 - i;
  }
  auto backend = c.backend();
  auto servers = servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::reload);
  ASSERT_EQ(servers.size(), 11U);
  EXPECT_EQ(servers[1].name, "dead14");
  EXPECT_EQ(servers[10].name, "dead5");
  EXPECT_EQ(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::running).size(), 16U);
}

TEST(ServersForFile, LeavesOutWhatCannotBeWritten) {
  Case c{{}, {in_maintenance("dead"), in_maintenance("lost")}};
  c.observed[1].address.clear();
  auto backend = c.backend();
  EXPECT_THAT(lines_of(servers_for_file(c.spec(), c.traits(), &backend, k26, FileFor::running)),
              ElementsAre("dead disabled"));
}

}  // namespace
}  // namespace synapse::haproxy
