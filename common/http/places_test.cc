#include "common/http/places.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = Places::State;

class PlacesTest : public testing::Test {
 protected:
  Places::Place take(const std::string& name) {
    EXPECT_TRUE(places.make_room());
    return places.take([this, name] { closed.push_back(name); });
  }
  std::vector<std::string> closed;
  Places places{3, 100};
};

TEST_F(PlacesTest, TheOneThatIsSilentForTheLongestMakesRoom) {
  const auto a = take("a");
  take("b");
  take("c");
  EXPECT_THAT(closed, IsEmpty());
  places.enter(a, State::working);
  places.enter(a, State::answering, 10);
  places.enter(a, State::receiving);
  take("d");
  EXPECT_THAT(closed, ElementsAre("b"));
  take("e");
  EXPECT_THAT(closed, ElementsAre("b", "c"));
  take("f");
  EXPECT_THAT(closed, ElementsAre("b", "c", "a"));
  EXPECT_EQ(places.size(), 3u);
  EXPECT_EQ(places.displaced(), 3u);
}

TEST_F(PlacesTest, WhoWaitsForAHandlerKeepsItsPlace) {
  const auto a = take("a");
  const auto b = take("b");
  const auto c = take("c");
  for (const auto& place : {a, b, c}) places.enter(place, State::working);
  EXPECT_FALSE(places.make_room());
  places.enter(b, State::answering, 10);
  EXPECT_TRUE(places.make_room());
  EXPECT_THAT(closed, ElementsAre("b"));
}

TEST_F(PlacesTest, WhoHasMadeRoomIsCountedOnce) {
  const auto a = take("a");
  take("b");
  take("c");
  take("d");
  places.enter(a, State::answering, 90);  // it has not noticed yet
  places.leave(a);
  EXPECT_EQ(places.size(), 3u);
  take("e");
  EXPECT_THAT(closed, ElementsAre("a", "b"));
}

TEST_F(PlacesTest, AnswersThatNobodyReadsAreBounded) {
  const auto a = take("a");
  const auto b = take("b");
  places.enter(a, State::answering, 60);
  places.enter(b, State::answering, 40);
  EXPECT_THAT(closed, IsEmpty());
  const auto c = take("c");
  places.enter(c, State::answering, 50);
  EXPECT_THAT(closed, ElementsAre("a"));
  places.enter(c, State::answering, 1000);
  EXPECT_THAT(closed, ElementsAre("a", "b")) << "one that is too large alone is sent";
  places.leave(c);
  const auto d = take("d");
  places.enter(d, State::answering, 100);
  EXPECT_THAT(closed, ElementsAre("a", "b")) << "what has left does not count";
}

}  // namespace
}  // namespace common::http
