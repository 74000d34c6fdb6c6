// Aligned columns for a person to read, and the cells that they are made of. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace common {

using TableRow = std::vector<std::string>;

// Which column is shown in colour, and which one (an escape sequence of ECMA-48) its text has.
struct TableColours {
  std::size_t column;
  std::string_view (*colour_of)(std::string_view text);
};

inline constexpr std::string_view kGreen = "\x1b[32m";
inline constexpr std::string_view kYellow = "\x1b[33m";
inline constexpr std::string_view kRed = "\x1b[31m";

// A line for the titles and one for each row. Control characters become '?', an empty cell "-". `colours` may be null.
[[nodiscard]] std::string table(const TableRow& titles, std::vector<TableRow> rows, const TableColours* colours);

// Without control characters, which a terminal would obey; "-" when it is empty.
[[nodiscard]] std::string table_cell(std::string text);

}  // namespace common
