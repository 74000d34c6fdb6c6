#include "synapse/haproxy/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

ServerSpec spec(const std::string& name, int weight = 5) {
  return {.name = name, .address = "10.0.0.1", .port = 80, .weight = weight};
}

ObservedServer observed(const std::string& name) {
  return {.name = name, .address = "10.0.0.1", .port = 80, .weight = 5, .initial_weight = 5, .up = true};
}

OutputMode mode_of(const ObservedServer& server) {
  ObservedBackend backend{.name = "web_1", .servers = {server}};
  return output_of({spec("a")}, {}, &backend).present.at(0).mode;
}

TEST(HaproxyOutput, IsEqualWhenHaproxyHasWhatIsWanted) {
  ObservedBackend backend{.name = "web_1", .servers = {observed("a")}};
  const auto output = output_of({spec("a")}, {}, &backend);
  EXPECT_EQ(output.wanted, output.present);
  EXPECT_THAT(output_of({spec("a")}, {}, nullptr).present, IsEmpty());
}

TEST(HaproxyOutput, TellsWhyAServerTakesNoTraffic) {
  auto server = observed("a");
  EXPECT_EQ(mode_of(server), OutputMode::ready);
  server.up = false;
  EXPECT_EQ(mode_of(server), OutputMode::down);
  server.forced_drain = true;
  EXPECT_EQ(mode_of(server), OutputMode::draining);
  server.inherited_maintenance = true;
  EXPECT_EQ(mode_of(server), OutputMode::maintenance);
  server.inherited_maintenance = false;
  server.forced_maintenance = true;
  EXPECT_EQ(mode_of(server), OutputMode::maintenance);
  server.address.clear();
  EXPECT_EQ(mode_of(server), OutputMode::unusable);
}

TEST(HaproxyOutput, TwoSpellingsOfAnAddressAreOne) {
  auto server = observed("a");
  server.address = "0:0:0:0:0:0:0:1";
  ObservedBackend backend{.name = "web_1", .servers = {server}};
  auto wanted = spec("a");
  wanted.address = "::1";
  EXPECT_THAT(differences(output_of({wanted}, {}, &backend)), IsEmpty());
}

TEST(HaproxyOutput, AnAgentMayMoveAWeight) {
  auto server = observed("a");
  server.weight = 1;
  ObservedBackend backend{.name = "web_1", .servers = {server}};
  EXPECT_THAT(differences(output_of({spec("a")}, {}, &backend)), SizeIs(1));
  backend.servers[0].agent_enabled = true;
  EXPECT_THAT(differences(output_of({spec("a")}, {}, &backend)), IsEmpty());
}

TEST(HaproxyOutput, TheOperatorsOwnServersAreNotShown) {
  ObservedBackend backend{.name = "web_1", .servers = {observed("own")}};
  EXPECT_THAT(output_of({}, {.names = {"own"}}, &backend).present, IsEmpty());
}

TEST(HaproxyOutput, TellsOfRefusals) {
  ObservedBackend backend{.name = "web_1", .servers = {}, .refused = {"a"}};
  EXPECT_EQ(output_of({spec("a")}, {}, &backend).problems.count("a"), 1U);
}

}  // namespace
}  // namespace synapse::haproxy
