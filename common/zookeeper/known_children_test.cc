#include "common/zookeeper/known_children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr KnownChildren::Bounds kBounds{.children = 4, .data = 10, .all_data = 25};

class KnownChildrenTest : public testing::Test {
 protected:
  static Stat at(std::int64_t zxid) {
    Stat stat;
    stat.modified_zxid = zxid;
    return stat;
  }
  std::string told() {
    std::string line;
    for (const auto& [name, child] : known.tell()) line += name + "=" + child.data + " ";
    return line;
  }

  KnownChildren known{[](std::string_view child) { return !child.starts_with("base64_"); }, kBounds};
};

TEST_F(KnownChildrenTest, AnEmptyListIsNewsTheFirstTime) {
  EXPECT_FALSE(known.is_complete());
  known.list({});
  EXPECT_TRUE(known.is_complete());
  EXPECT_TRUE(known.has_news());
  EXPECT_EQ(told(), "");
  known.list({});
  EXPECT_FALSE(known.has_news());
}

TEST_F(KnownChildrenTest, WhatAppearsIsToBeReadUnlessItsNameSaysEverything) {
  EXPECT_THAT(known.list({"a", "base64_x"}).to_read, ElementsAre("a"));
  EXPECT_EQ(told(), "base64_x= ");
  known.read("a", "1", at(1));
  EXPECT_TRUE(known.has_news());
  EXPECT_EQ(told(), "a=1 base64_x= ");
  EXPECT_THAT(known.to_be_read(), ElementsAre("a"));
}

TEST_F(KnownChildrenTest, WhatStaysIsNotReadAgainUnlessItWasDeletedMeanwhile) {
  known.list({"a", "b"});
  known.deleted("b");
  const auto difference = known.list({"a", "b"});
  EXPECT_THAT(difference.to_read, ElementsAre("b"));
  EXPECT_THAT(difference.gone, IsEmpty());
  EXPECT_THAT(known.list({"a", "b"}).to_read, IsEmpty());
}

TEST_F(KnownChildrenTest, WhatIsGoneIsForgotten) {
  known.list({"a", "b"});
  known.read("a", "1", at(1));
  known.read("b", "2", at(2));
  EXPECT_THAT(known.list({"b"}).gone, ElementsAre("a"));
  EXPECT_EQ(told(), "b=2 ");
  known.gone("b");
  EXPECT_FALSE(known.is_listed("b"));
  EXPECT_EQ(told(), "");
}

TEST_F(KnownChildrenTest, ADifferentStatMustBeRead) {
  known.list({"a"});
  EXPECT_TRUE(known.differs("a", at(1)));
  known.read("a", "1", at(1));
  EXPECT_FALSE(known.differs("a", at(1)));
  EXPECT_TRUE(known.differs("a", at(2)));
  EXPECT_FALSE(known.differs("nobody", at(1)));
}

TEST_F(KnownChildrenTest, TheSameReadAgainIsNoNewsAndTakenDataStaysTaken) {
  known.list({"a"});
  known.read("a", "1", at(1));
  known.tell().at("a").data.clear();
  known.read("a", "1", at(1));
  EXPECT_FALSE(known.has_news());
  EXPECT_EQ(told(), "a= ");
  known.read("a", "2", at(2));
  EXPECT_EQ(told(), "a=2 ");
}

TEST_F(KnownChildrenTest, AnAnswerForWhatIsNotListedAnyMoreChangesNothing) {
  known.list({"a"});
  known.list({});
  known.tell();
  known.read("a", "1", at(1));
  known.unreadable("a");
  EXPECT_FALSE(known.has_news());
  EXPECT_EQ(told(), "");
}

TEST_F(KnownChildrenTest, WhatCannotBeReadKeepsWhatItHas) {
  known.list({"a", "b"});
  known.read("a", "1", at(1));
  known.tell();
  known.unreadable("a");
  EXPECT_FALSE(known.has_news());
  known.unreadable("b");
  EXPECT_EQ(told(), "a=1 b= ");
}

TEST_F(KnownChildrenTest, TooMuchDataIsCutOff) {
  known.list({"a"});
  known.read("a", std::string(100, 'x'), at(1));
  EXPECT_EQ(told(), "a=xxxxxxxxxx ");
}

TEST_F(KnownChildrenTest, OfTooManyThoseThatWereThereStay) {
  known.list({"k", "m", "base64_z"});
  known.read("k", "1", at(1));
  known.read("m", "2", at(2));
  const auto difference = known.list({"a", "b", "c", "k", "m", "base64_a", "base64_z"});
  EXPECT_THAT(difference.to_read, ElementsAre("a"));
  EXPECT_EQ(known.left_out(), 3u);
  EXPECT_EQ(known.present(), 7u);
  known.read("a", "3", at(3));
  known.read("b", "4", at(4));
  EXPECT_EQ(told(), "a=3 base64_z= k=1 m=2 ");
}

TEST_F(KnownChildrenTest, WhatWasLeftOutComesWhenThereIsRoom) {
  known.list({"a", "b", "c", "d", "e"});
  EXPECT_EQ(known.left_out(), 1u);
  const auto difference = known.list({"b", "c", "d", "e"});
  EXPECT_THAT(difference.to_read, ElementsAre("e"));
  EXPECT_EQ(known.left_out(), 0u);
}

TEST_F(KnownChildrenTest, DataThatDoesNotFitIsLeftOutUntilItDoes) {
  known.list({"a", "b", "c"});
  known.read("a", "aaaaaaaaaa", at(1));
  known.read("b", "bbbbbbbbbb", at(2));
  known.read("c", "cccccccccc", at(3));
  EXPECT_EQ(known.left_out(), 1u);
  EXPECT_EQ(told(), "a=aaaaaaaaaa b=bbbbbbbbbb ");
  EXPECT_THAT(known.list({"a", "b", "c"}).to_read, IsEmpty());
  EXPECT_THAT(known.list({"b", "c"}).to_read, ElementsAre("c"));
  known.read("c", "cccccccccc", at(3));
  EXPECT_EQ(known.left_out(), 0u);
  EXPECT_EQ(told(), "b=bbbbbbbbbb c=cccccccccc ");
}

TEST_F(KnownChildrenTest, WhatGrowsBeyondTheBoundStaysAsItWasAndWhatShrinksMakesRoom) {
  known.list({"a", "b", "c"});
  known.read("a", "aaaaaaaaaa", at(1));
  known.read("b", "bbbbbbbbbb", at(2));
  known.read("c", "c", at(3));
  known.tell().at("a").data.clear();
  known.read("c", "cccccccccc", at(4));
  EXPECT_EQ(known.left_out(), 1u);
  EXPECT_FALSE(known.has_news());
  EXPECT_EQ(told(), "a= b=bbbbbbbbbb c=c ");
  known.read("b", "b", at(5));
  EXPECT_THAT(known.list({"a", "b", "c"}).to_read, ElementsAre("c"));
  known.read("c", "cccccccccc", at(4));
  EXPECT_EQ(known.left_out(), 0u);
  EXPECT_EQ(told(), "a= b=b c=cccccccccc ");
}

}  // namespace
}  // namespace common::zookeeper
