// Lines of an HAProxy configuration as HAProxy's own parser splits them (configuration manual 2.2 to 2.4), and words
// for its command line. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace synapse::haproxy {

// The words of one line, each exactly as written: quotes and backslashes are kept, so that joining them with spaces
// gives the same line. A comment is dropped. The error names an unmatched quote.
[[nodiscard]] common::Result<std::vector<std::string>> split_words(std::string_view line);

// What HAProxy makes of a written word: quotes and backslashes removed. Nothing when that depends on the environment
// ("${NAME}" in double quotes).
[[nodiscard]] std::optional<std::string> unquote(std::string_view word);

// A value as one word of a runtime command: spaces, semicolons and backslashes escaped. Nothing when it cannot be
// written there (a control character, an empty value).
[[nodiscard]] std::optional<std::string> command_word(std::string_view value);

// The line with every control character replaced by a space: nothing that stands in it can begin another line.
[[nodiscard]] std::string one_line(std::string_view text);

// True when HAProxy would begin a new section at this line (`backend`, `userlist`, ...), whatever its indentation.
[[nodiscard]] bool begins_section(std::string_view line);

}  // namespace synapse::haproxy
