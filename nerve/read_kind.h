// The `type` key of a check or a reporter, looked up in a table of kinds.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/reader.h"

namespace nerve {

template <class Kind, std::size_t n>
const Kind* find_kind(const std::array<Kind, n>& kinds, std::string_view name) {
  for (const Kind& kind : kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

// Null after an error, which lists the kinds and names the nearest one.
template <class Kind, std::size_t n>
const Kind* read_kind(const std::array<Kind, n>& kinds, common::ObjectReader& object) {
  std::vector<std::string> names;
  std::string list;
  for (const Kind& kind : kinds) {
    names.emplace_back(kind.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  if (object.has("type")) return find_kind(kinds, object.one_of("type", "", names));
  if (object.self().is_mapping()) object.error("type", "is missing; known types: " + list);
  return nullptr;
}

}  // namespace nerve
