// Reading what an admin API answered: somebody else may have answered in its place. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace common {

// A field of an object, or the neutral value when it is missing or of another type.
[[nodiscard]] std::string text_at(const nlohmann::json& object, const char* key);
[[nodiscard]] std::int64_t number_at(const nlohmann::json& object, const char* key);
[[nodiscard]] bool flag_at(const nlohmann::json& object, const char* key);

// What {"error": ...} says; empty when the body is nothing of the kind.
[[nodiscard]] std::string error_in(std::string_view body);

}  // namespace common
