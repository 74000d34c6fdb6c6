#include "common/config/shown.h"

#include <nlohmann/json.hpp>

#include "common/config/document_node.h"
#include "common/config/mask.h"
#include "common/config/meaning.h"
#include "common/digits.h"
#include "common/lower_case.h"

namespace common {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMask = "***";

// As YAML's core schema reads a plain scalar.
Json typed(const DocumentNode& node, Meaning meaning) {
  const std::string& text = node.text;
  if (!node.quoted && !hides_all(meaning)) {
    if (const auto word = lower_case(text); word == "true" || word == "false") return word == "true";
    if (const auto number = number_in<std::int64_t>(text)) return *number;
  }
  return masked_text(text, meaning);
}

// The program, and the names of its options: any other word may be a secret.
Json command(const DocumentNode& list) {
  std::vector<std::string> arguments;
  for (const auto& item : list.items) arguments.push_back(item->text);
  arguments = mask_command(std::move(arguments));
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    auto& word = arguments[i];
    const bool is_option = word.size() > 1 && word[0] == '-';
    const bool is_long = word.starts_with("--");
    const std::size_t end = is_long ? word.find('=') : 2;
    if (!is_option) {
      word = kMask;
    } else if (end < word.size()) {
      word = word.substr(0, end + (is_long ? 1 : 0)) + std::string(kMask);
    }
  }
  return arguments;
}

Json to_json(const DocumentNode& node, Meaning meaning);

Json object(const DocumentNode& node, Meaning meaning) {
  Json result = Json::object();
  for (const auto& member : node.members) {
    result[member.key] = to_json(*member.value, meaning_inside(meaning, member.key));
  }
  return result;
}

Json to_json(const DocumentNode& node, Meaning meaning) {
  switch (node.kind) {
    case DocumentNode::Kind::null:
      return nullptr;
    case DocumentNode::Kind::scalar:
      return typed(node, meaning);
    case DocumentNode::Kind::list: {
      if (meaning == Meaning::secret) return kMask;
      if (meaning == Meaning::command) return command(node);
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json(*item, meaning));
      return list;
    }
    case DocumentNode::Kind::mapping:
      return meaning == Meaning::secret ? Json(kMask) : object(node, meaning);
  }
  return nullptr;
}

// Null: there is no such place. The last key is made.
Json* at(Json& root, const std::vector<std::string>& path) {
  Json* place = &root;
  for (const auto& step : path) {
    if (place->is_array()) {
      const auto index = static_cast<std::size_t>(std::stoul(step));
      if (index >= place->size()) return nullptr;
      place = &(*place)[index];
      continue;
    }
    if (!place->is_object()) return nullptr;
    // Keys are matched without case, so that it may stand under another spelling.
    std::string key = step;
    for (const auto& [name, value] : place->items()) {
      if (lower_case(name) == lower_case(step)) key = name;
    }
    place = &(*place)[key];
  }
  return place;
}

}  // namespace

std::string shown(const Document& document, const std::vector<ShownInside>& inside) {
  Json root = to_json(document.root(), Meaning::text);
  for (const auto& [path, documents] : inside) {
    if (documents.empty()) continue;
    Json* list = at(root, path);
    if (list == nullptr) continue;
    if (!list->is_array()) *list = Json::array();
    for (const Document& other : documents) list->push_back(to_json(other.root(), Meaning::text));
  }
  return root.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace common
