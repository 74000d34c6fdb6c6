#include "common/admin/json_fields.h"

#include <nlohmann/json.hpp>

namespace common {

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string error_in(std::string_view body) {
  const auto json = Json::parse(body, nullptr, false);
  return json.is_object() ? text_at(json, "error") : "";
}

}  // namespace common
