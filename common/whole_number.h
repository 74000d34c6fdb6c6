// A whole number of a JSON document that somebody else may have written: nlohmann would cut it to the type that is
// asked for, and converting a fraction that does not fit is undefined. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace common {

// Throws std::invalid_argument when the value is no such number or out of range.
template <class Json>
std::int64_t whole_number(const Json& value, std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                          std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
  if (!value.is_number_integer()) throw std::invalid_argument("a number is not a whole one");
  const bool beyond =
      value.is_number_unsigned() && value.template get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  const auto number = beyond ? 0 : value.template get<std::int64_t>();
  if (beyond || number < min || number > max) throw std::invalid_argument("a number is out of range");
  return number;
}

}  // namespace common
