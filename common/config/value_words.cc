#include "common/config/value_words.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

#include "common/lower_case.h"

namespace common {
namespace {

using Kind = DocumentNode::Kind;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '.') &&
         error != std::errc::invalid_argument && end == text.data() + text.size();
}

}  // namespace

bool is_whole_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return is_digits(text);
}

std::optional<bool> as_boolean(std::string_view text) {
  const auto word = lower_case(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t max_shown = 80;
  std::string result = "\"";
  for (const char c : text.substr(0, max_shown)) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else {
      result += c;
    }
  }
  return result + (text.size() > max_shown ? "\"..." : "\"");
}

std::string shown(const DocumentNode& node) {
  switch (node.kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::mapping:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  const bool bare = !node.quoted && (looks_like_number(node.text) || as_boolean(node.text));
  return bare ? node.text : in_quotes(node.text);
}

std::string kind_of(const DocumentNode& node) {
  if (node.kind != Kind::scalar) return shown(node);
  if (!node.quoted && looks_like_number(node.text)) return "a number";
  if (!node.quoted && as_boolean(node.text)) return "a boolean";
  return "a string";
}

}  // namespace common
