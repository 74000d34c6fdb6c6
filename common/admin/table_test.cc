#include "common/admin/table.h"

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(Table, AlignsByWhatATerminalShows) {
  EXPECT_EQ(table({"NAME", "X"}, {{"caf\xC3\xA9", "1"}, {"tea", ""}}, nullptr), "NAME  X\ncaf\xC3\xA9  1\ntea   -\n");
  EXPECT_EQ(table({"NAME", "X"}, {}, nullptr), "NAME  X\n");
}

TEST(Table, ShowsNothingThatATerminalWouldObey) {
  EXPECT_EQ(table_cell("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(table_cell("a\xC2\x9B"
                       "2Jb\xE2\x80\xAEgpj"),
            "a\\u009b2Jb\\u202egpj");
  EXPECT_EQ(table_cell(""), "-");
}

TEST(Table, ColoursOneColumnButNotItsTitle) {
  const TableColours colours{1, [](std::string_view text) { return text == "up" ? kGreen : kRed; }};
  EXPECT_EQ(table({"A", "B"}, {{"x", "up"}, {"y", "down"}}, &colours),
            "A  B\nx  \x1b[32mup\x1b[0m\ny  \x1b[31mdown\x1b[0m\n");
}

}  // namespace
}  // namespace common
