#include <algorithm>
#include <cctype>

#include "common/config/document.h"

namespace common {
namespace {

int line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

bool is_variable_name(std::string_view name) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), word);
}

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

Result<std::string> expand_once(std::string_view text, const std::string& file,
                                const std::function<std::optional<std::string>(const std::string&)>& lookup) {
  std::string result;
  std::size_t at = 0;
  for (;;) {
    const auto start = text.find("{{", at);
    result += text.substr(at, start == std::string_view::npos ? start : start - at);
    if (start == std::string_view::npos) return result;
    const auto place = [&] { return file + ":" + std::to_string(line_at(text, start)) + ": "; };
    const auto end = text.find("}}", start);
    if (end == std::string_view::npos || text.substr(start, end - start).find('\n') != std::string_view::npos) {
      return fail(place() + "\"{{\" without \"}}\" in the same line");
    }
    const auto inner = trimmed(text.substr(start + 2, end - start - 2));
    if (inner.empty() || inner[0] != '.' || !is_variable_name(inner.substr(1))) {
      return fail(place() + "\"" + std::string(text.substr(start, end + 2 - start)) +
                  "\" is not understood; only {{ .NAME }} is, the environment variable NAME");
    }
    const std::string name(inner.substr(1));
    const auto value = lookup(name);
    if (!value) return fail(place() + "environment variable " + name + " is not defined");
    result += *value;
    at = end + 2;
  }
}

}  // namespace

Result<std::string> expand_environment(std::string_view text, const std::string& file,
                                       const std::function<std::optional<std::string>(const std::string&)>& lookup) {
  auto once = expand_once(text, file, lookup);
  if (!once) return once;
  return expand_once(*once, file, lookup);
}

}  // namespace common
