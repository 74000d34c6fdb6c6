#include "common/admin/json_fields.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace common {
namespace {

TEST(ErrorIn, TakesTheWordsOfTheApi) {
  EXPECT_EQ(error_in("{\"error\":\"no such thing\"}\n"), "no such thing");
  for (const auto* body : {"", "<html>", "[]", "{\"error\":1}"}) EXPECT_EQ(error_in(body), "") << body;
}

TEST(JsonFields, OfAnotherTypeAreNotThere) {
  const auto object = nlohmann::json::parse(R"({"t":"x","n":7,"f":true})");
  EXPECT_EQ(text_at(object, "t"), "x");
  EXPECT_EQ(number_at(object, "n"), 7);
  EXPECT_TRUE(flag_at(object, "f"));
  for (const auto* key : {"f", "nothing"}) {
    EXPECT_EQ(text_at(object, key), "");
    EXPECT_EQ(number_at(object, key), 0);
  }
  EXPECT_FALSE(flag_at(object, "n"));
  EXPECT_EQ(text_at(nlohmann::json::parse("[1]"), "t"), "");
}

}  // namespace
}  // namespace common
