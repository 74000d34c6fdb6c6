// Text without the difference between great and small letters of ASCII; other bytes stay as they are. Pure.
#pragma once

#include <string>
#include <string_view>

namespace common {

[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace common
