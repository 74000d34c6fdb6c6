#include "common/admin/table.h"

#include <algorithm>
#include <utility>

#include "common/printable.h"

namespace common {
namespace {

// As wide as a terminal shows it, for the scripts that names are written in.
std::size_t width_of(std::string_view text) {
  const auto begins_a_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_a_character));
}

}  // namespace

std::string table_cell(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return text.empty() ? "-" : printable(text);
}

std::string table(const TableRow& titles, std::vector<TableRow> rows, const TableColours* colours) {
  rows.insert(rows.begin(), titles);
  std::vector<std::size_t> widths(titles.size(), 0);
  for (TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = table_cell(std::move(row[i]));
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool coloured = colours != nullptr && i == colours->column && &row != &rows.front();
      if (coloured) text += colours->colour_of(row[i]);
      text += row[i];
      if (coloured) text += "\x1b[0m";
      text += i + 1 < row.size() ? std::string(widths[i] - width_of(row[i]) + 2, ' ') : "\n";
    }
  }
  return text;
}

}  // namespace common
