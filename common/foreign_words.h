// What somebody else said (a server, a library, a name server), fit for a line of our log, a reason or a record: one
// line without control characters, runs of white space as one space, cut to `most` bytes with "..." behind. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace common {

[[nodiscard]] std::string foreign_words(std::string_view text, std::size_t most = 200);

}  // namespace common
