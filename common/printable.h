// Text of whatever origin, fit for a terminal and a line of a log: control characters (also those that UTF-8 holds,
// U+0080 to U+009F), line and paragraph separators, marks that turn the direction of writing, and bytes that are not
// UTF-8 become "\n", "\x1b" or "\u202e". All else stays as it is, so that it costs nothing where nothing is done. Pure.
#pragma once

#include <string>
#include <string_view>

namespace common {

[[nodiscard]] bool is_printable(std::string_view text);
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace common
