// What happens to a text before yaml-cpp sees it; only this room uses it. Pure.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace common {

// Why a text is no configuration, and where; Document::parse() turns it into its error. It is an exception because it
// has to pass through yaml-cpp.
class Refused : public std::runtime_error {
 public:
  Refused(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
  int line() const { return line_; }

 private:
  int line_;
};

// Checks that the text is UTF-8 without control characters, drops a byte order mark, and writes JSON so that a YAML
// parser takes it. Lines stay where they are. Throws Refused.
[[nodiscard]] std::string prepare(std::string_view text);

// For a message: control characters, which keys and values may hold, become '?'.
[[nodiscard]] std::string one_line(std::string text);

}  // namespace common
