// The file with the token that changing requests must present.
#pragma once

#include <cstddef>
#include <string>

#include "common/result.h"

namespace common::http {

inline constexpr std::size_t kLongestToken = 4096;

// The file's text without white space around it: one word of printable ASCII. Whoever may read the file may change
// things, so it must not be readable by all, and nobody but its owner may write it; members of its group may read it.
// The error says what to do; it never holds the token.
[[nodiscard]] Result<std::string> read_token_file(const std::string& path);

}  // namespace common::http
