#include "common/printable.h"

#include <string>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(Printable, LeavesWhatIsHarmless) {
  for (const std::string text : {"", "plain", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "a\\b \"c\""}) {
    EXPECT_TRUE(is_printable(text)) << text;
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShowsWhatWouldActOnATerminalOrALog) {
  EXPECT_EQ(printable("a\nb\r\tc\x1b[2J\x7f"), "a\\nb\\x0d\\x09c\\x1b[2J\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("x\xC2\x9B"
                      "2Jy"),
            "x\\u009b2Jy");
  EXPECT_EQ(printable("x\xE2\x80\xAEgpj\xE2\x81\xA6\xE2\x80\xA8"), "x\\u202egpj\\u2066\\u2028");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xFF\xC3"), "a\\xff\\xc3");
  EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
  EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82") << "cut off";
}

}  // namespace
}  // namespace common
