#include "common/config/shown.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <nlohmann/json.hpp>

#include "common/config/document_node.h"
#include "common/config/mask.h"

namespace common {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMask = "***";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// What a value is, by the key that it stands under, and how it is masked therefore.
enum class Meaning { text, secret, secrets_by_name, command, headers, url, datasource, haproxy_lines };

struct MeaningOfKey {
  std::string_view key;  // in lower case
  Meaning meaning;
};
constexpr std::array kMeanings{
    MeaningOfKey{"environment", Meaning::secrets_by_name},
    MeaningOfKey{"body", Meaning::secret},
    MeaningOfKey{"headers", Meaning::headers},
    MeaningOfKey{"path", Meaning::url},
    MeaningOfKey{"urls", Meaning::url},
    MeaningOfKey{"datasource", Meaning::datasource},
    MeaningOfKey{"global", Meaning::haproxy_lines},
    MeaningOfKey{"defaults", Meaning::haproxy_lines},
    MeaningOfKey{"listen", Meaning::haproxy_lines},
    MeaningOfKey{"frontend", Meaning::haproxy_lines},
    MeaningOfKey{"backend", Meaning::haproxy_lines},
    MeaningOfKey{"extrasections", Meaning::haproxy_lines},
    MeaningOfKey{"sharedfrontend", Meaning::haproxy_lines},
    MeaningOfKey{"routeroptions", Meaning::haproxy_lines},
    MeaningOfKey{"serveroptions", Meaning::haproxy_lines},
    MeaningOfKey{"bindoptions", Meaning::haproxy_lines},
    MeaningOfKey{"haproxyserveroptions", Meaning::haproxy_lines},
};

Meaning meaning_of(std::string_view key) {
  if (is_secret_key(key)) return Meaning::secret;
  const std::string name = lower(key);
  if (name.ends_with("command")) return Meaning::command;
  const auto found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const auto& each) { return each.key == name; });
  return found == kMeanings.end() ? Meaning::text : found->meaning;
}

std::string masked_text(const std::string& text, Meaning meaning) {
  switch (meaning) {
    case Meaning::secret:
    case Meaning::secrets_by_name:
    case Meaning::headers:
      return text.empty() ? "" : std::string(kMask);
    case Meaning::command:
      return mask_command({text}).front();
    case Meaning::url:
      return mask_url(text);
    case Meaning::datasource:
      return mask_datasource(text);
    case Meaning::haproxy_lines:
      return mask_haproxy_line(text);
    case Meaning::text:
      break;
  }
  return mask_secrets(text);
}

// As YAML's core schema reads a plain scalar.
Json typed(const DocumentNode& node, Meaning meaning) {
  const std::string& text = node.text;
  const bool hidden = meaning == Meaning::secret || meaning == Meaning::secrets_by_name || meaning == Meaning::headers;
  if (!node.quoted && !hidden) {
    if (const auto word = lower(text); word == "true" || word == "false") return word == "true";
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc() && end == text.data() + text.size()) return number;
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
    Meaning inside = meaning == Meaning::text ? meaning_of(member.key) : meaning;
    if (meaning == Meaning::headers && is_harmless_header(member.key)) inside = Meaning::text;
    result[member.key] = to_json(*member.value, inside);
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
      if (lower(name) == lower(step)) key = name;
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
