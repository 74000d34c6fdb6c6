// Servers that are verified before they enter, drain before they go, or are held by a person.
#include "synapse/haproxy/plan_case.h"
#include "synapse/haproxy/render.h"

namespace synapse::haproxy {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Moment kStart{std::chrono::hours(1)};

ObservedServer unverified(const std::string& name) {
  auto server = in_maintenance(name);
  server.unverified = true;
  return server;
}

ObservedServer passed(ObservedServer server) {
  server.check_passed = true;
  server.check_health = 1;
  return server;
}

ObservedServer held(const std::string& name, ByHand by_hand) {
  auto server = present(name);
  server.by_hand = by_hand;
  server.forced_maintenance = by_hand == ByHand::maintenance;
  server.forced_drain = by_hand == ByHand::drain;
  return server;
}

ObservedServer draining(const std::string& name, Moment until) {
  auto server = present(name);
  server.forced_drain = true;
  server.draining = true;
  server.drains_until = until;
  return server;
}

struct PolicyCase : Case {
  ServerPolicy policy = {};
  Moment now = kStart;

  BackendSpec backend_spec() const {
    auto spec = Case::spec();
    spec.policy = policy;
    return spec;
  }
  Plan plan() const {
    auto has = backend();
    return haproxy::plan(backend_spec(), traits(), &has, capabilities, now);
  }
  std::vector<ServerSpec> file(FileFor purpose) const {
    auto has = backend();
    return servers_for_file(backend_spec(), traits(), &has, capabilities, purpose);
  }
};

PolicyCase verified(std::vector<ServerSpec> servers, std::vector<ObservedServer> observed) {
  PolicyCase c;
  c.servers = std::move(servers);
  c.observed = std::move(observed);
  c.policy.verified = true;
  return c;
}

PolicyCase drains(std::vector<ServerSpec> servers, std::vector<ObservedServer> observed) {
  PolicyCase c;
  c.servers = std::move(servers);
  c.observed = std::move(observed);
  c.policy.drain = milliseconds(1000);
  return c;
}

PolicyCase by_hand(std::vector<ServerSpec> servers, std::vector<ObservedServer> observed) {
  PolicyCase c;
  c.servers = std::move(servers);
  c.observed = std::move(observed);
  return c;
}

TEST(Admission, ANewServerIsCheckedInMaintenance) {
  auto plan = verified({wanted("a")}, {}).plan();
  EXPECT_THAT(texts(plan.commands),
              ElementsAre("add server web_1/a 10.0.0.1:80 weight 10 check" + kPool, "enable health web_1/a"));
  EXPECT_TRUE(plan.verifying);
}

TEST(Admission, WaitsForTheCheckAndThenLetsItIn) {
  auto waiting = verified({wanted("a")}, {unverified("a")}).plan();
  EXPECT_THAT(texts(waiting.commands), IsEmpty());
  EXPECT_TRUE(waiting.verifying);
  auto done = verified({wanted("a")}, {passed(unverified("a"))}).plan();
  EXPECT_THAT(texts(done.commands), ElementsAre("set server web_1/a state ready"));
  EXPECT_FALSE(done.verifying);
}

TEST(Admission, ATombstoneIsCheckedAnewBecauseItsChecksRested) {
  auto tombstone = passed(in_maintenance("a"));
  tombstone.checks_rest = true;
  auto plan = verified({wanted("a")}, {tombstone}).plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/a state drain", "set server web_1/a health down"));
  EXPECT_TRUE(plan.commands[0].verifies);
}

TEST(Admission, AServerThatMovesIsCheckedAtItsNewAddress) {
  auto moved = wanted("a");
  moved.port = 81;
  EXPECT_THAT(texts(verified({moved}, {present("a")}).plan().commands),
              ElementsAre("set server web_1/a addr 10.0.0.1 port 81", "set server web_1/a health down"));
}

TEST(Admission, WithoutACheckItIsImmediate) {
  auto plan = verified({wanted("a", 10, true, {})}, {}).plan();
  EXPECT_THAT(texts(plan.commands),
              ElementsAre("add server web_1/a 10.0.0.1:80 weight 10" + kPool, "set server web_1/a state ready"));
  EXPECT_FALSE(plan.verifying);
}

TEST(Admission, TheLastOnesServeUntilOthersHaveEntered) {
  auto c = verified({wanted("new")}, {present("old"), unverified("new")});
  EXPECT_THAT(texts(c.plan().commands), IsEmpty());
  EXPECT_TRUE(c.file(FileFor::reload).back().enabled);
  c.observed[1] = passed(c.observed[1]);
  EXPECT_THAT(texts(c.plan().commands),
              ElementsAre("set server web_1/new state ready", "set server web_1/old state maint"));
}

TEST(Admission, WhoSaysThatItIsUnavailableIsTakenAtItsWord) {
  auto c = verified({wanted("new"), wanted("old", 10, false)}, {present("old"), unverified("new")});
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/old state maint"));
}

TEST(Admission, AReloadLetsNobodyIn) {
  auto c = verified({wanted("serves"), wanted("waits"), wanted("new")}, {present("serves"), unverified("waits")});
  for (auto purpose : {FileFor::reload, FileFor::running}) {
    auto servers = c.file(purpose);
    ASSERT_EQ(servers.size(), 3u);
    EXPECT_EQ(servers[0].standing, Standing::plain);
    EXPECT_EQ(servers[1].standing, Standing::unverified);
    EXPECT_EQ(servers[2].standing, Standing::unverified);
  }
}

TEST(Drain, AVanishedServerDrainsAndThenGoes) {
  auto c = drains({wanted("b")}, {present("a"), present("b")});
  auto plan = c.plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/a state drain"));
  EXPECT_EQ(plan.commands[0].until, kStart + milliseconds(1000));
  EXPECT_EQ(plan.again, kStart + milliseconds(1000));

  c.observed[0] = draining("a", kStart + milliseconds(1000));
  c.now = kStart + milliseconds(999);
  EXPECT_THAT(texts(c.plan().commands), IsEmpty());
  EXPECT_EQ(c.plan().again, kStart + milliseconds(1000));
  c.now = kStart + milliseconds(1000);
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a state maint"));
}

TEST(Drain, IsDeletedOnlyAfterwards) {
  auto c = drains({wanted("b")}, {draining("a", kStart + milliseconds(5)), present("b")});
  c.capabilities = k30;
  EXPECT_THAT(texts(c.plan().removals), IsEmpty());
  c.now = kStart + milliseconds(5);
  EXPECT_THAT(texts(c.plan().removals), ElementsAre("del server web_1/a"));
}

TEST(Drain, AnUnavailableServerDrainsToo) {
  auto plan = drains({wanted("a", 10, false)}, {present("a")}).plan();
  EXPECT_THAT(texts(plan.commands), ElementsAre("set server web_1/a state drain"));
}

TEST(Drain, WhoReturnsMeanwhileIsReadyAtOnce) {
  auto c = drains({wanted("a")}, {draining("a", kStart + milliseconds(500))});
  c.policy.verified = true;
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a state ready"));
}

TEST(Drain, GoesOnAfterAReload) {
  auto c = drains({wanted("b")}, {draining("a", kStart + milliseconds(500)), present("b")});
  auto servers = c.file(FileFor::reload);
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[1].standing, Standing::draining);

  // As HAProxy has it then: weight 0.
  auto loaded = present("a");
  loaded.weight = loaded.initial_weight = 0;
  ObservedBackend fresh{"web_1", {loaded, present("b")}, {}};
  adopt(servers, true, fresh);
  carry_times(c.backend(), fresh);
  c.observed = fresh.servers;
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a state drain", "set server web_1/a weight 10"));
  c.now = kStart + milliseconds(500);
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a state maint"));
}

TEST(ByHandTest, MaintenanceAndDrainThatWeDidNotAskForArePeoples) {
  ObservedBackend before{"web_1", {present("a"), present("b"), in_maintenance("ours")}, {}};
  ObservedBackend fresh{"web_1", {present("a"), present("b"), in_maintenance("ours")}, {}};
  fresh.servers[0].forced_maintenance = true;
  fresh.servers[1].forced_drain = true;
  carry_over(before, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::maintenance);
  EXPECT_EQ(fresh.servers[1].by_hand, ByHand::drain);
  EXPECT_EQ(fresh.servers[2].by_hand, ByHand::nothing);

  ObservedBackend released{"web_1", {present("a"), present("b"), in_maintenance("ours")}, {}};
  carry_over(fresh, released);
  EXPECT_EQ(released.servers[0].by_hand, ByHand::nothing);
}

TEST(ByHandTest, ACommandOfOursWhoseAnswerWasLostIsNoPersons) {
  ObservedBackend before{"web_1", {present("a")}, {}};
  note_sent(set_maintenance("web_1", "a"), before);
  ObservedBackend fresh{"web_1", {in_maintenance("a")}, {}};
  carry_over(before, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::nothing);
}

TEST(ByHandTest, AnAgentMayDrainItsServer) {
  ObservedBackend before{"web_1", {present("a")}, {}};
  ObservedBackend fresh = before;
  fresh.servers[0].forced_drain = true;
  fresh.servers[0].agent_enabled = true;
  carry_over(before, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::nothing);
}

TEST(ByHandTest, IsRespectedUnlessToldOtherwise) {
  auto c = by_hand({wanted("a", 20), wanted("b")}, {held("a", ByHand::maintenance), held("b", ByHand::drain)});
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a weight 20"));
  c.policy.respect_manual = false;
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/a weight 20", "set server web_1/a state ready",
                                                    "set server web_1/b state ready"));
}

TEST(ByHandTest, StaysWhileTheServerIsGone) {
  auto c = by_hand({wanted("b")}, {held("a", ByHand::maintenance), present("b")});
  c.capabilities = k30;
  EXPECT_THAT(texts(c.plan().commands), IsEmpty());
  EXPECT_THAT(texts(c.plan().removals), IsEmpty());
  EXPECT_EQ(c.file(FileFor::reload).at(1).standing, Standing::held_in_maintenance);
}

TEST(ByHandTest, SurvivesAReloadAndARestartOfOurs) {
  auto c = by_hand({wanted("a"), wanted("b"), wanted("c")},
                   {held("a", ByHand::maintenance), held("b", ByHand::drain), present("c")});
  const auto servers = c.file(FileFor::reload);
  const auto text = render({.backends = {{.service = "web", .name = "web_1", .servers = servers}}}).text;
  const auto read = read_rendered(text)->servers.at("web_1");
  EXPECT_EQ(read, servers);

  auto loaded = present("b");  // by weight 0
  loaded.weight = loaded.initial_weight = 0;
  ObservedBackend fresh{"web_1", {in_maintenance("a"), loaded, present("c")}, {}};
  adopt(read, true, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::maintenance);
  EXPECT_EQ(fresh.servers[1].by_hand, ByHand::drain);
  EXPECT_EQ(fresh.servers[2].by_hand, ByHand::nothing);
  c.observed = fresh.servers;
  EXPECT_THAT(texts(c.plan().commands), ElementsAre("set server web_1/b state drain", "set server web_1/b weight 10"));
}

TEST(ByHandTest, IsFoundAlsoWhenItHappenedWhileWeWereAway) {
  ObservedBackend fresh{"web_1", {in_maintenance("a")}, {}};
  adopt({wanted("a")}, true, fresh);
  EXPECT_EQ(fresh.servers[0].by_hand, ByHand::maintenance);
  ObservedBackend other{"web_1", {in_maintenance("a")}, {}};
  adopt({wanted("a")}, false, other);
  EXPECT_EQ(other.servers[0].by_hand, ByHand::nothing) << "that is not the file it runs";
}

TEST(Tombstones, AreCountedWithoutWhatDrainsOrIsHeld) {
  auto c = drains({wanted("w")}, {present("w"), in_maintenance("dead"), draining("drains", kStart + milliseconds(1)),
                                  held("held", ByHand::maintenance)});
  auto count = tombstones(c.backend_spec(), c.traits(), c.backend(), c.capabilities);
  EXPECT_EQ(count.present, 1u);
  EXPECT_EQ(count.sweepable, 1u);
}

TEST(Tombstones, ThoseThatAReloadWouldKeepAreNotSweepable) {
  PolicyCase c;
  c.lines = {"balance static-rr"};
  for (int i = 0; i < 15; ++i) c.observed.push_back(in_maintenance("dead" + std::to_string(i)));
  auto count = tombstones(c.backend_spec(), c.traits(), c.backend(), c.capabilities);
  EXPECT_EQ(count.present, 15u);
  EXPECT_EQ(count.sweepable, 5u);
}

}  // namespace
}  // namespace synapse::haproxy
