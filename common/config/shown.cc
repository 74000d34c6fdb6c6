#include "common/config/shown.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <nlohmann/json.hpp>

#include "common/config/document_node.h"

namespace common {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMask = "***";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// A file's name is no secret, what stands in it is.
bool is_secret_key(std::string_view key) {
  constexpr std::array words{"password", "passwd",  "secret",        "token",  "credential",
                             "apikey",   "api-key", "authorization", "cookie", "private"};
  const std::string name = lower(key);
  if (name.ends_with("file") || name.ends_with("path")) return false;
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return name.find(word) != std::string::npos; });
}

// The end of "user:password@" that begins at `start`, as the range of the password; nothing when there is none.
bool find_credentials(std::string_view text, std::size_t start, std::size_t& begin, std::size_t& end) {
  const auto stop = text.find_first_of(" \t\"'", start);
  const auto part = text.substr(start, stop == std::string_view::npos ? stop : stop - start);
  const auto colon = part.find(':');
  // A password may hold '@' and '/': the last '@' before the host ends it.
  const auto at = part.rfind('@');
  if (colon == std::string_view::npos || at == std::string_view::npos || colon > at) return false;
  if (part.substr(0, colon).find('/') != std::string_view::npos) return false;
  begin = start + colon + 1;
  end = start + at;
  return true;
}

std::string mask_credentials(std::string_view text) {
  const auto scheme = text.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::size_t begin = 0;
  std::size_t end = 0;
  if (!find_credentials(text, start, begin, end)) return std::string(text);
  std::string result(text.substr(0, begin));
  result += kMask;
  result += scheme == std::string_view::npos ? text.substr(end) : std::string_view(mask_credentials(text.substr(end)));
  return result;
}

// Where the value that begins at `at` ends: at a delimiter, or at its closing quote.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (at < text.size() && (text[at] == '\'' || text[at] == '"')) {
    const char quote = text[at++];
    while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
  }
  while (at < text.size() && std::string_view(" \t&;,\"'").find(text[at]) == std::string_view::npos) {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at, text.size());
}

std::string mask_assignments(std::string text) {
  const auto skip_blanks = [&](std::size_t at) { return std::min(text.find_first_not_of(" \t", at), text.size()); };
  for (const std::string_view word : {"password", "passwd", "pass", "pwd", "secret", "token"}) {
    for (std::size_t at = 0; (at = lower(text).find(word, at)) != std::string::npos;) {
      at += word.size();
      const auto equals = skip_blanks(at);
      if (equals == text.size() || text[equals] != '=') continue;
      at = skip_blanks(equals + 1);
      text.replace(at, end_of_value(text, at) - at, kMask);
      at += kMask.size();
    }
  }
  return text;
}

// Lines of an HAProxy configuration: `user NAME password HASH`, `user NAME insecure-password WORD`, `stats auth
// NAME:WORD`.
std::string mask_haproxy_line(std::string text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return text;
  std::size_t at = std::string::npos;
  if (text.compare(begin, 5, "user ") == 0) {
    at = text.find("password ", begin);
    if (at != std::string::npos) at = text.find_first_not_of(" \t", at + 9);
  } else if (text.compare(begin, 11, "stats auth ") == 0) {
    at = text.find(':', begin);
    if (at != std::string::npos) ++at;
  }
  if (at >= text.size()) return text;
  text.replace(at, end_of_value(text, at) - at, kMask);
  return text;
}

// A password in a data source may hold anything: all from the first ':' behind the scheme to the last '@' is masked.
std::string mask_datasource(const std::string& text) {
  const auto scheme = text.find("://");
  const auto colon = text.find(':', scheme == std::string::npos ? 0 : scheme + 3);
  const auto at = text.rfind('@');
  const bool has_password = colon != std::string::npos && at != std::string::npos && colon < at;
  const bool by_template = has_password && text.substr(colon + 1, at - colon - 1) == "{{.Password}}";
  if (!has_password || by_template) return mask_assignments(text);
  return mask_assignments(text.substr(0, colon + 1) + std::string(kMask) + text.substr(at));
}

// As YAML's core schema reads a plain scalar.
Json typed(const DocumentNode& node) {
  const std::string& text = node.text;
  if (!node.quoted) {
    if (const auto word = lower(text); word == "true" || word == "false") return word == "true";
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc() && end == text.data() + text.size()) return number;
  }
  return mask_secrets(text);
}

Json masked(const DocumentNode& node);

Json to_json(const DocumentNode& node) {
  switch (node.kind) {
    case DocumentNode::Kind::null:
      return nullptr;
    case DocumentNode::Kind::scalar:
      return typed(node);
    case DocumentNode::Kind::list: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json(*item));
      return list;
    }
    case DocumentNode::Kind::mapping: {
      Json object = Json::object();
      for (const auto& member : node.members) {
        object[member.key] = is_secret_key(member.key) ? masked(*member.value) : to_json(*member.value);
        const bool is_datasource =
            lower(member.key) == "datasource" && member.value->kind == DocumentNode::Kind::scalar;
        if (is_datasource) object[member.key] = mask_datasource(member.value->text);
      }
      return object;
    }
  }
  return nullptr;
}

Json masked(const DocumentNode& node) {
  if (node.kind == DocumentNode::Kind::null) return nullptr;
  if (node.kind == DocumentNode::Kind::scalar && node.text.empty()) return "";
  return kMask;
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

std::string mask_secrets(std::string_view text) {
  return mask_assignments(mask_haproxy_line(mask_credentials(text)));
}

std::string shown(const Document& document, const std::vector<ShownInside>& inside) {
  Json root = to_json(document.root());
  for (const auto& [path, documents] : inside) {
    if (documents.empty()) continue;
    Json* list = at(root, path);
    if (list == nullptr) continue;
    if (!list->is_array()) *list = Json::array();
    for (const Document& other : documents) list->push_back(to_json(other.root()));
  }
  return root.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace common
