#include "common/foreign_words.h"

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(ForeignWords, AreOneLine) {
  EXPECT_EQ(foreign_words("disk full"), "disk full");
  EXPECT_EQ(foreign_words("  two\r\nlines\t\x1b[31mred\n"), "two lines [31mred");
  EXPECT_EQ(foreign_words(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(foreign_words(" \n"), "");
}

TEST(ForeignWords, AreCut) {
  EXPECT_EQ(foreign_words("0123456789", 10), "0123456789");
  EXPECT_EQ(foreign_words("0123456789a", 10), "0123456789...");
  EXPECT_EQ(foreign_words("ab\xc3\xa9", 3), "ab...") << "not in the middle of a character";
  EXPECT_EQ(foreign_words("ab\xc3\xa9", 4), "ab\xc3\xa9");
}

}  // namespace
}  // namespace common
