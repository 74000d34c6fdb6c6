// A text that is one whole number in decimal digits, and nothing else. Pure.
#pragma once

#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace common {

// Nothing when it is no such number, or none between `min` and `max`. A '-' before the digits is taken, a '+' is not.
template <class Number>
[[nodiscard]] std::optional<Number> number_in(std::string_view text, Number min = std::numeric_limits<Number>::min(),
                                              Number max = std::numeric_limits<Number>::max()) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < min || value > max) return std::nullopt;
  return value;
}

}  // namespace common
