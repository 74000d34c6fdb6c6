#include "synapse/status/output_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

OutputServer server(const std::string& name, OutputMode mode = OutputMode::ready, int weight = 5) {
  return {.name = name, .address = "10.0.0.1", .port = 80, .weight = weight, .mode = mode};
}

std::vector<OutputDifference> between(std::vector<OutputServer> wanted, std::vector<OutputServer> present) {
  return differences({.unknown = "", .wanted = std::move(wanted), .present = std::move(present)});
}

TEST(Differences, AreNoneWhenTheOutputHasWhatIsWanted) {
  EXPECT_THAT(between({}, {}), IsEmpty());
  EXPECT_THAT(
      between({server("a"), server("b", OutputMode::maintenance)}, {server("b", OutputMode::maintenance), server("a")}),
      IsEmpty());
}

TEST(Differences, NameWhatIsMissingAndWhatIsTooMuch) {
  EXPECT_THAT(between({server("a")}, {server("b")}),
              ElementsAre(OutputDifference{"a", "missing", "10.0.0.1:80 weight 5", "", ""},
                          OutputDifference{"b", "surplus", "", "10.0.0.1:80 weight 5", ""}));
}

TEST(Differences, NameWhatIsDifferent) {
  auto moved = server("a", OutputMode::ready, 7);
  moved.address = "::1";
  EXPECT_THAT(between({server("a")}, {moved}),
              ElementsAre(OutputDifference{"a", "address", "10.0.0.1:80", "[::1]:80", ""},
                          OutputDifference{"a", "weight", "5", "7", ""}));
  auto held = server("a", OutputMode::maintenance);
  held.note = "by hand";
  EXPECT_THAT(between({server("a")}, {held}),
              ElementsAre(OutputDifference{"a", "mode", "ready", "maintenance", "by hand"}));
}

TEST(Differences, AreNotWhatMattersToNobody) {
  EXPECT_THAT(between({server("gone", OutputMode::maintenance)}, {}), IsEmpty());
  EXPECT_THAT(between({}, {server("tombstone", OutputMode::maintenance), server("old", OutputMode::draining)}),
              IsEmpty());
  EXPECT_THAT(between({server("a")}, {server("a", OutputMode::down)}), IsEmpty());
  EXPECT_THAT(between({server("a", OutputMode::maintenance, 0)}, {server("a", OutputMode::draining, 9)}), IsEmpty());
  auto agent = server("a", OutputMode::ready, 1);
  agent.weight_moves = true;
  EXPECT_THAT(between({server("a")}, {agent}), IsEmpty());
}

TEST(WrittenOutput, HasWhatWasWrittenLast) {
  Routed routed;
  routed.servers.push_back({.name = "a", .registered_name = "a", .host = "10.0.0.1", .port = 80, .weight = 5});
  WrittenOutput output;
  output.want(routed);
  EXPECT_EQ(output.state().unknown, "nothing has been written yet");
  output.written();
  EXPECT_THAT(differences(output.state()), IsEmpty());
  output.want({});
  EXPECT_THAT(differences(output.state()),
              ElementsAre(OutputDifference{"a", "surplus", "", "10.0.0.1:80 weight 5", ""}));
}

TEST(Differences, SayWhy) {
  OutputState output{.unknown = "", .wanted = {server("a"), server("b")}, .present = {}};
  output.problems["a"] = "HAProxy refused it";
  output.waiting = {"a reload is due"};
  EXPECT_THAT(differences(output),
              ElementsAre(OutputDifference{"a", "missing", "10.0.0.1:80 weight 5", "", "HAProxy refused it"},
                          OutputDifference{"b", "missing", "10.0.0.1:80 weight 5", "", "a reload is due"}));
  output.unknown = "HAProxy is away";
  EXPECT_THAT(differences(output), IsEmpty());
}

}  // namespace
}  // namespace synapse
