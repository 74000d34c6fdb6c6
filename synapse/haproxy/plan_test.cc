#include "synapse/haproxy/plan_case.h"

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST(Plan, AddsAServerOnAUnixSocket) {
  auto server = wanted("a");
  server.address = "/run/a.sock";
  server.port = 0;
  expect_commands({{server}, {}}, {"add server web_1/a unix@/run/a.sock weight 10 check" + kPool,
                                   "enable health web_1/a", "set server web_1/a state ready"});
  auto known = present("a");
  known.address = "/run/a.sock";
  known.port = 0;
  EXPECT_TRUE((Case{{server}, {known}}.plan().done()));
  server.weight = 20;
  expect_commands({{server}, {known}}, {"set server web_1/a weight 20"});
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

}  // namespace
}  // namespace synapse::haproxy
