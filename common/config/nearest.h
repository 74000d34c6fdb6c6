// What somebody meant who wrote a word that is not known. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// The candidate with the smallest edit distance (without case) when it is near enough to be what was meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace common
