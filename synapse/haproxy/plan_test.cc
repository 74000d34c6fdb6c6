#include "synapse/haproxy/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

const Capabilities kOld = capabilities_of({2, 3, 21});
const Capabilities k26 = capabilities_of({2, 6, 12});
const Capabilities k30 = capabilities_of({3, 0, 11});
const std::string kPool = " pool-max-conn -1 pool-purge-delay 5s";

ServerSpec wanted(std::string name, int weight = 10, bool enabled = true, Words options = {"check"}) {
  return {std::move(name), "10.0.0.1", 80, weight, enabled, std::move(options)};
}

// As HAProxy has it when `wanted(name)` is reached.
ObservedServer present(const std::string& name) {
  ObservedServer server;
  server.name = name;
  server.address = "10.0.0.1";
  server.port = 80;
  server.weight = 10;
  server.initial_weight = 10;
  server.up = true;
  server.check_configured = true;
  server.check_enabled = true;
  server.options = Words{"check"};
  return server;
}

ObservedServer in_maintenance(const std::string& name) {
  auto server = present(name);
  server.forced_maintenance = true;
  server.up = false;
  return server;
}

// One backend, one HAProxy.
struct Case {
  std::vector<ServerSpec> servers;
  std::vector<ObservedServer> observed;
  Words lines = {"balance roundrobin"};
  Capabilities capabilities = k26;
  std::set<std::string> refused = {};

  BackendSpec spec() const { return {"web", "web_1", {}, lines, servers}; }
  BackendTraits traits() const { return traits_of({}, lines, capabilities); }
  ObservedBackend backend() const { return {"web_1", observed, refused}; }

  Plan plan() const {
    auto has = backend();
    return haproxy::plan(spec(), traits(), &has, capabilities);
  }
};

Words texts(const std::vector<Command>& commands) {
  Words texts;
  for (const auto& command : commands) texts.push_back(command.text);
  return texts;
}

Words reasons(const Plan& plan) {
  Words words;
  for (const auto& need : plan.reloads) words.push_back(std::string(to_string(need.reason)) + ": " + need.words);
  return words;
}

void expect_commands(const Case& c, const Words& commands) {
  auto plan = c.plan();
  EXPECT_EQ(texts(plan.commands), commands);
  EXPECT_THAT(reasons(plan), IsEmpty());
}

void expect_reload(const Case& c, const std::string& reason) {
  auto plan = c.plan();
  EXPECT_THAT(reasons(plan), ElementsAre(reason));
  EXPECT_FALSE(plan.done());
}

TEST(Plan, NothingToDo) {
  auto plan = Case{{wanted("a"), wanted("b", 10, false)}, {present("a"), in_maintenance("b")}}.plan();
  EXPECT_TRUE(plan.done());
  EXPECT_THAT(plan.removals, IsEmpty());
}

TEST(Plan, AddsAServerCompleteBeforeItIsReady) {
  expect_commands({{wanted("a")}, {}}, {"add server web_1/a 10.0.0.1:80 weight 10 check" + kPool,
                                        "enable health web_1/a", "set server web_1/a state ready"});
  expect_commands({{wanted("a", 3, true, {})}, {}},
                  {"add server web_1/a 10.0.0.1:80 weight 3" + kPool, "set server web_1/a state ready"});
  expect_commands({{wanted("a", 3, true, {"agent-check", "agent-port", "9"})}, {}},
                  {"add server web_1/a 10.0.0.1:80 weight 3 agent-check agent-port 9" + kPool, "enable agent web_1/a",
                   "set server web_1/a state ready"});
}

TEST(Plan, AddsADisabledServerInMaintenance) {
  expect_commands({{wanted("a", 10, false)}, {}},
                  {"add server web_1/a 10.0.0.1:80 weight 10 check" + kPool, "enable health web_1/a"});
}

TEST(Plan, ExpandsDefaultServer) {
  expect_commands({{wanted("a", 10, true, {})}, {}, {"default-server inter 3s check"}},
                  {"add server web_1/a 10.0.0.1:80 weight 10 inter 3s check" + kPool, "enable health web_1/a",
                   "set server web_1/a state ready"});
}

TEST(Plan, EnablesDynamicCookiesAfterAnAddition) {
  expect_commands({{wanted("a", 10, true, {})}, {}, {"cookie S insert dynamic", "dynamic-cookie-key k"}},
                  {"add server web_1/a 10.0.0.1:80 weight 10" + kPool, "enable dynamic-cookie backend web_1",
                   "set server web_1/a state ready"});
}

TEST(Plan, CapacityNeverDips) {
  auto raised = wanted("raised", 20);
  auto lowered = wanted("lowered", 5);
  auto returns = wanted("returns");
  auto drops = wanted("drops", 10, false);
  expect_commands(
      {{lowered, drops, raised, returns, wanted("new", 10, true, {})},
       {present("vanished"), present("drops"), present("lowered"), present("raised"), in_maintenance("returns")}},
      {"set server web_1/returns state ready", "add server web_1/new 10.0.0.1:80 weight 10" + kPool,
       "set server web_1/new state ready", "set server web_1/raised weight 20", "set server web_1/lowered weight 5",
       "set server web_1/drops state maint", "set server web_1/vanished state maint"});
}

TEST(Plan, MovesAServerToItsNewAddress) {
  auto moved = wanted("a");
  moved.address = "10.0.0.2";
  moved.port = 81;
  // The check may have found the old address dead.
  expect_commands({{moved}, {present("a")}},
                  {"set server web_1/a addr 10.0.0.2 port 81", "set server web_1/a health up"});
  // One that enters is complete first, and comes up by that.
  expect_commands({{moved}, {in_maintenance("a")}},
                  {"set server web_1/a addr 10.0.0.2 port 81", "set server web_1/a state ready"});
  moved.enabled = false;
  expect_commands({{moved}, {in_maintenance("a")}}, {"set server web_1/a addr 10.0.0.2 port 81"});
}

TEST(Plan, KnowsTheSpellingsOfAnAddress) {
  auto spelled = wanted("a");
  spelled.address = "FE80:0::1";
  auto server = present("a");
  server.address = "fe80::1";
  EXPECT_TRUE((Case{{spelled}, {server}}.plan().done()));
}

TEST(Plan, TakesATombstoneBackWithItsNewValues) {
  auto returns = wanted("a", 99);
  returns.port = 8081;
  expect_commands(
      {{returns}, {in_maintenance("a")}},
      {"set server web_1/a weight 99", "set server web_1/a addr 10.0.0.1 port 8081", "set server web_1/a state ready"});
}

TEST(Plan, LeavesATombstoneAlone) {
  auto plan = Case{{wanted("a")}, {present("a"), in_maintenance("gone")}}.plan();
  EXPECT_TRUE(plan.done());
  EXPECT_THAT(plan.removals, IsEmpty());
}

TEST(Plan, DeletesWhereThatIsSafe) {
  Case c{{wanted("a")}, {present("a"), present("gone")}};
  c.capabilities = k30;
  auto plan = c.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/gone state maint"));
  EXPECT_THAT(texts(plan.removals), ElementsAre("del server web_1/gone"));
  // After a refusal it is tried again, and nothing else waits for it.
  c.observed[1] = in_maintenance("gone");
  c.observed[1].removal_refused = true;
  EXPECT_TRUE(c.plan().done());
  EXPECT_THAT(texts(c.plan().removals), ElementsAre("del server web_1/gone"));
}

// It could not come back without a reload.
TEST(Plan, KeepsWhatItCouldNotAddAgain) {
  Case c{{}, {in_maintenance("gone")}};
  c.capabilities = k30;
  c.lines = {"balance static-rr"};
  EXPECT_THAT(c.plan().removals, IsEmpty());
  c.lines = {};
  c.observed[0].options = Words{"resolvers", "dns"};
  EXPECT_THAT(c.plan().removals, IsEmpty());
  c.observed[0].options = Words{};
  EXPECT_EQ(c.plan().removals.size(), 1U);
}

TEST(Plan, NeverTouchesTheUsersOwnServers) {
  Case c{{wanted("mine")}, {present("fallback"), present("t1"), in_maintenance("t2"), present("other")}};
  c.capabilities = k30;
  c.lines = {"server fallback 10.9.9.9:80 backup", "server-template t 2 x.example:80", "server mine 10.8.8.8:80"};
  auto plan = c.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/other state maint"));
  EXPECT_THAT(texts(plan.removals), ElementsAre("del server web_1/other"));
}

TEST(Plan, PassesOverServersThatHaproxyMustNotSee) {
  auto evil = wanted("x;shutdown sessions");
  auto named = wanted("b");
  named.address = "localhost";
  auto other = wanted("a", 99);
  EXPECT_TRUE((Case{{evil, named, wanted("a"), other}, {present("a")}}.plan().done()));
}

TEST(Plan, RepairsWhatOthersDid) {
  auto drained = present("drained");
  drained.forced_drain = true;
  auto unchecked = present("unchecked");
  unchecked.check_enabled = false;
  auto agentless = present("agentless");
  agentless.agent_configured = true;
  expect_commands({{wanted("drained"), wanted("unchecked"), wanted("agentless"), wanted("down")},
                   {drained, unchecked, agentless, in_maintenance("down")}},
                  {"set server web_1/drained state ready", "enable health web_1/unchecked",
                   "enable agent web_1/agentless", "set server web_1/down state ready"});
}

TEST(Plan, LeavesAnAgentItsSay) {
  auto server = present("a");
  server.agent_configured = server.agent_enabled = true;
  server.weight = 4;
  server.forced_drain = true;
  EXPECT_TRUE((Case{{wanted("a")}, {server}}.plan().done()));
  expect_commands({{wanted("a", 20)}, {server}}, {"set server web_1/a weight 20"});
}

// `state ready` does not end it: asking again and again would be of no use.
TEST(Plan, DoesNotFightInheritedMaintenance) {
  auto server = present("a");
  server.inherited_maintenance = true;
  EXPECT_TRUE((Case{{wanted("a")}, {server}}.plan().done()));
}

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

TEST(Plan, ABackendThatHaproxyDoesNotKnowIsLoaded) {
  Case c{{wanted("a")}, {}};
  auto plan = haproxy::plan(c.spec(), c.traits(), nullptr, k26);
  EXPECT_THAT(plan.commands, IsEmpty());
  EXPECT_THAT(reasons(plan), ElementsAre("backend_missing: web_1 is not known to HAProxy"));
}

TEST(Plan, NormalisesOptions) {
  expect_commands({{wanted("a", 10, true, {"check", "weight", "7"})}, {present("a")}}, {"set server web_1/a weight 7"});
}

// The replies come from HAProxy; here they are the happy ones.
TEST(Plan, IsDoneAfterItsCommands) {
  auto moved = wanted("moved");
  moved.port = 81;
  Case c{{wanted("new"), moved, wanted("heavy", 30), wanted("back"), wanted("other", 10, true, {"inter", "1s"})},
         {present("moved"), present("heavy"), in_maintenance("back"), present("gone"), present("other")}};
  c.capabilities = k30;
  auto plan = c.plan();
  auto backend = c.backend();
  auto all = plan.commands;
  all.insert(all.end(), plan.removals.begin(), plan.removals.end());
  for (const auto& command : all) {
    const auto* reply = command.kind == CommandKind::add_server      ? "New server registered."
                        : command.kind == CommandKind::delete_server ? "Server deleted."
                        : command.kind == CommandKind::set_address   ? "nothing changed"
                                                                     : "";
    EXPECT_EQ(acknowledge(command, reply, backend).verdict, Verdict::ok) << command.text;
  }
  auto again = haproxy::plan(c.spec(), c.traits(), &backend, k30);
  EXPECT_TRUE(again.done());
  EXPECT_THAT(again.removals, IsEmpty());
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
  EXPECT_EQ(servers[2].options, Words{"check"});
  EXPECT_THAT(lines_of(servers_for_file(c.spec(), c.traits(), nullptr, k26, FileFor::running)),
              ElementsAre("b", "a disabled"));
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

TEST(Tombstones, LeaveOutWhatCannotBeWritten) {
  Case c{{}, {in_maintenance("dead"), in_maintenance("lost")}};
  c.observed[1].address.clear();
  EXPECT_THAT(lines_of(tombstones(c.spec(), c.traits(), c.backend())), ElementsAre("dead disabled"));
}

}  // namespace
}  // namespace synapse::haproxy
