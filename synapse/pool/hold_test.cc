#include "synapse/pool/hold.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

RoutedServer server(const std::string& name, int port = 0) {
  RoutedServer server;
  server.name = server.registered_name = server.child = name;
  server.host = "10.0.0.1";
  server.port = port != 0 ? port : 1000 + name[0];
  return server;
}

Routed routed(const std::string& names) {
  Routed state;
  for (const char name : names) state.servers.push_back(server(std::string(1, name)));
  return state;
}

class Held : public testing::Test {
 protected:
  std::vector<std::string> update(const Routed& state, int at_second) {
    std::vector<std::string> names;
    const auto& result = hold_.update(state, Hold::Moment(seconds(1000 + at_second)), health());
    for (const auto& each : result.servers) names.push_back(each.name);
    return names;
  }
  std::vector<std::string> update(const std::string& names, int at_second) { return update(routed(names), at_second); }

  Hold::LivenessOf health() {
    return [this](const std::string& name) { return health_.contains(name) ? health_.at(name) : Liveness::alive; };
  }

  std::map<std::string, Liveness> health_;
  Hold hold_{{.below_percent = 50, .window = seconds(30)}};
};

TEST_F(Held, AFewAreSimplyGone) {
  update("abcd", 0);
  EXPECT_THAT(update("ab", 1), ElementsAre("a", "b")) << "half is not more than half";
  EXPECT_FALSE(hold_.active());
}

TEST_F(Held, MoreThanTheShareStays) {
  update("abcd", 0);
  EXPECT_THAT(update("a", 1), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(hold_.held(), 3u);
  const auto alarm = hold_.take_alarm();
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->vanished, 3u);
  EXPECT_EQ(alarm->of, 4u);
  EXPECT_FALSE(hold_.take_alarm());
}

TEST_F(Held, WhatWentBeforeComesBackWhenTheShareIsExceededWithinTheWindow) {
  update("abcd", 0);
  EXPECT_THAT(update("abc", 1), ElementsAre("a", "b", "c"));
  EXPECT_THAT(update("ab", 10), ElementsAre("a", "b"));
  EXPECT_THAT(update("a", 20), UnorderedElementsAre("a", "b", "c", "d"));
}

TEST_F(Held, WhatWentBeforeComesBackWhenTheLastOnesVanish) {
  update("abc", 0);
  EXPECT_THAT(update("ab", 1), ElementsAre("a", "b"));
  auto kept = routed("ab");  // by the pool: the registry is empty
  kept.kept = true;
  EXPECT_THAT(update(kept, 20), ElementsAre("a", "b", "c"));
  const auto alarm = hold_.take_alarm();
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->vanished, 3u);
  EXPECT_EQ(alarm->of, 3u);
  EXPECT_THAT(update("a", 21), ElementsAre("a", "c", "b")) << "two of three are still away";
}

TEST_F(Held, WhatWentLongBeforeTheLastOnesStaysAway) {
  update("abc", 0);
  update("ab", 1);
  auto kept = routed("ab");
  kept.kept = true;
  EXPECT_THAT(update(kept, 40), ElementsAre("a", "b"));
  EXPECT_FALSE(hold_.active());
}

TEST_F(Held, WhoWentLongBeforeIsForgotten) {
  update("abcd", 0);
  update("abc", 1);
  update("ab", 40);
  EXPECT_THAT(update("a", 80), ElementsAre("a"));
}

TEST_F(Held, StaysLongerThanTheWindow) {
  update("abcd", 0);
  update("a", 1);
  EXPECT_THAT(update("a", 10'000), ElementsAre("a", "b", "c", "d"));
}

TEST_F(Held, TheDeadAndTheUncheckedAreLetGo) {
  health_ = {{"b", Liveness::dead}, {"c", Liveness::unchecked}, {"d", Liveness::unknown}};
  update("abcd", 0);
  EXPECT_THAT(update("a", 1), ElementsAre("a", "d")) << "nobody was asked about d yet";
}

TEST_F(Held, WhoDiesLaterIsLetGo) {
  update("abcd", 0);
  update("a", 1);
  EXPECT_FALSE(hold_.review(health()));
  health_ = {{"c", Liveness::dead}};
  EXPECT_TRUE(hold_.review(health()));
  EXPECT_THAT(update("a", 2), ElementsAre("a", "b", "d"));
  EXPECT_THAT(hold_.take_releases(), ElementsAre(Release{"c", "its check fails"}));
}

TEST_F(Held, WhoReturnsIsNoLongerHeld) {
  update("abcd", 0);
  update("a", 1);
  EXPECT_THAT(update("abcd", 2), ElementsAre("a", "b", "c", "d"));
  EXPECT_FALSE(hold_.active());
}

TEST_F(Held, ANewerRegistrationAtTheAddressReplacesIt) {
  update("abcd", 0);
  update("a", 1);
  auto state = routed("a");
  state.servers.push_back(server("new", 1000 + 'b'));
  EXPECT_THAT(update(state, 2), ElementsAre("a", "new", "c", "d"));
  EXPECT_THAT(hold_.take_releases(), ElementsAre(Release{"b", "its address is registered again"}));
}

TEST_F(Held, ANewAddressOfItsNameReplacesIt) {
  update("abcd", 0);
  update("a", 1);
  auto state = routed("a");
  state.servers.push_back(server("b", 9));
  EXPECT_THAT(update(state, 2), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(hold_.held(), 2u);
}

TEST_F(Held, WhoSaysThatItIsUnavailableIsTakenAtItsWord) {
  update("abcd", 0);
  auto state = routed("abcd");
  for (std::size_t i = 1; i < 4; ++i) state.servers[i].available = false;
  EXPECT_THAT(update(state, 1), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(update("a", 2), ElementsAre("a"));
}

TEST_F(Held, WhomTheConfigurationLeavesOutHasNotVanished) {
  update("abcd", 0);
  auto state = routed("a");
  for (const auto* name : {"b", "c", "d"}) state.left_out.push_back({name, LeftOutBecause::correlated, ""});
  EXPECT_THAT(update(state, 1), ElementsAre("a"));
}

TEST_F(Held, AnUnreadableRecordCountsAsVanished) {
  update("abcd", 0);
  auto state = routed("a");
  for (const auto* name : {"b", "c", "d"}) state.left_out.push_back({name, LeftOutBecause::invalid, ""});
  EXPECT_THAT(update(state, 1), ElementsAre("a", "b", "c", "d"));
}

TEST_F(Held, AnIdThatIsTakenIsGivenUp) {
  auto before = routed("abc");
  before.servers[2].options = {"id", "7", "backup"};
  update(before, 0);
  auto state = routed("");
  state.servers.push_back(server("new"));
  state.servers[0].options = {"id", "7"};
  const auto& result = hold_.update(state, Hold::Moment(seconds(1001)), health());
  ASSERT_EQ(result.servers.size(), 4u);
  EXPECT_THAT(result.servers[3].options, ElementsAre("backup"));
}

TEST_F(Held, OffMeansThatTheRegistryIsBelieved) {
  hold_ = Hold({.below_percent = 0, .window = seconds(30)});
  update("abcd", 0);
  EXPECT_THAT(update("", 1), IsEmpty());
}

TEST_F(Held, TheServersOfASourceThatIsNotAskedAnyMoreHaveNotVanished) {
  hold_ = Hold({.below_percent = 50, .window = seconds(30), .sources_in_turn = true});
  const auto of = [](const std::string& source, const std::string& names) {
    auto state = routed(names);
    for (auto& each : state.servers) each.child = source + "/" + each.child;
    return state;
  };
  update(of("near", "abcd"), 0);
  EXPECT_THAT(update(of("near", "a"), 1), ElementsAre("a", "b", "c", "d")) << "a loss of its own";
  EXPECT_THAT(update(of("far", "xyz"), 2), ElementsAre("x", "y", "z"));
  EXPECT_THAT(update(of("near", "abcd"), 3), ElementsAre("a", "b", "c", "d"));
  EXPECT_FALSE(hold_.active());
}

}  // namespace
}  // namespace synapse
