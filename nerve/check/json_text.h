// Texts out of a server's JSON, whose shape nobody guarantees.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "common/foreign_words.h"

namespace nerve {

// Fit for a reason; empty when there is no such text.
inline std::string json_text(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return common::foreign_words(found->get_ref<const std::string&>());
}

}  // namespace nerve
