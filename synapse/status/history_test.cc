#include "synapse/status/history.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/status/status_case.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Change = History::Change;
using Note = History::Note;

Routed routed(std::vector<RoutedServer> servers) {
  Routed routed;
  routed.servers = std::move(servers);
  return routed;
}

class HistoryTest : public testing::Test {
 protected:
  std::vector<Change> update(const std::vector<std::string>& records, const Routed& state, int seconds) {
    const auto present = records_of(records);
    const auto before = std::exchange(last, state);
    return history.update("web", before, state, &present, at(seconds));
  }

  History history;
  Routed last;
};

TEST_F(HistoryTest, TheFirstStateIsNoChange) {
  EXPECT_THAT(update({"a"}, routed({routed_server("a")}), 0), IsEmpty());
  EXPECT_THAT(update({"a"}, routed({routed_server("a")}), 1), IsEmpty());
  EXPECT_EQ(history.note("web", "a_node"), nullptr) << "it is simply in";
  EXPECT_EQ(history.note("db", "a_node"), nullptr);
}

TEST_F(HistoryTest, TellsWhatChanged) {
  update({"a", "b"}, routed({routed_server("a"), routed_server("b")}), 0);
  auto moved = routed_server("a", 7);
  moved.port = 81;
  EXPECT_THAT(update({"a", "b", "c"}, routed({moved, unavailable_server("b", "HTTP 503"), routed_server("c")}), 1),
              UnorderedElementsAre(
                  Change{"a", "weight", "5", "7", ""}, Change{"a", "address", "10.0.0.1:80", "10.0.0.1:81", ""},
                  Change{"b", "server", "in", "unavailable", "HTTP 503"}, Change{"c", "server", "", "in", ""}));
  EXPECT_EQ(*history.note("web", "b_node"), (Note{Note::State::unavailable, at(1)}));
}

TEST_F(HistoryTest, RemembersWhoWentWithTheLastReason) {
  update({"a", "b"}, routed({routed_server("a"), unavailable_server("b", "HTTP 503")}), 0);
  EXPECT_THAT(update({"a"}, routed({routed_server("a")}), 9),
              ElementsAre(Change{"b", "server", "unavailable", "out", "no record"}));
  const auto* gone = history.gone("web", "b");
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone, history.gone("web", "b_node"));
  EXPECT_EQ(gone->since, at(9));
  EXPECT_EQ(gone->kind, "gone");
  EXPECT_EQ(gone->last, "HTTP 503");
  EXPECT_EQ(history.gone("web", "a"), nullptr);
  update({"a", "b"}, routed({routed_server("a"), routed_server("b")}), 10);
  EXPECT_THAT(history.gone("web"), IsEmpty()) << "it is there again";
}

TEST_F(HistoryTest, KnowsWhyARecordIsLeftOut) {
  update({"a"}, routed({routed_server("a")}), 0);
  Routed state;
  state.left_out = {{"a_node", LeftOutBecause::invalid, "port 70000 is out of range"}};
  EXPECT_THAT(update({"a"}, state, 1), ElementsAre(Change{"a", "server", "in", "out", "port 70000 is out of range"}));
  EXPECT_EQ(history.gone("web", "a")->kind, "invalid");
  update({}, {}, 2);
  EXPECT_EQ(history.gone("web", "a")->kind, "gone");
  EXPECT_EQ(history.gone("web", "a")->last, "port 70000 is out of range");
  EXPECT_EQ(history.gone("web", "a")->since, at(2));
}

TEST_F(HistoryTest, KnowsWhoIsKeptAndSinceWhen) {
  update({"a"}, routed({routed_server("a")}), 0);
  EXPECT_THAT(update({}, routed({routed_server("a")}), 3),
              ElementsAre(Change{"a", "server", "in", "kept", "its record is gone"}));
  update({}, routed({routed_server("a")}), 4);
  EXPECT_EQ(*history.note("web", "a_node"), (Note{Note::State::kept, at(3)}));
  EXPECT_THAT(history.update("web", last, last, nullptr, at(5)), IsEmpty());
  EXPECT_EQ(*history.note("web", "a_node"), (Note{Note::State::kept, at(3)})) << "its source said nothing new";
  update({"b"}, routed({routed_server("b")}), 5);
  EXPECT_EQ(history.gone("web", "a")->since, at(3)) << "its record was gone before it was given up";
}

TEST_F(HistoryTest, ADefaultServerHasNoRecordToLose) {
  auto server = routed_server("default");
  server.is_default = true;
  update({}, routed({}), 0);
  EXPECT_THAT(update({}, routed({server}), 1), ElementsAre(Change{"default", "server", "", "in", ""}));
  EXPECT_THAT(update({}, routed({server}), 2), IsEmpty());
  EXPECT_THAT(update({}, routed({}), 3), ElementsAre(Change{"default", "server", "in", "out", "no record"}));
}

TEST_F(HistoryTest, IsBounded) {
  for (int i = 0; i < 300; ++i) {
    const auto name = "s" + std::to_string(i);
    update({name}, routed({routed_server(name)}), i);
  }
  EXPECT_THAT(history.gone("web"), SizeIs(100));
  EXPECT_EQ(history.gone("web").front().name, "s298");
  history.forget("web");
  EXPECT_THAT(history.gone("web"), IsEmpty());
}

}  // namespace
}  // namespace synapse
