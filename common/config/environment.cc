#include <algorithm>
#include <cctype>

#include "common/config/document.h"
#include "common/config/prepare.h"
#include "common/trimmed.h"

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

// Where a {{ that starts at `start` ends, behind its }}; npos when it does not in this line. A quoted }} is none.
std::size_t end_of_template(std::string_view text, std::size_t start) {
  char quote = 0;
  for (std::size_t at = start + 2; at < text.size() && text[at] != '\n'; ++at) {
    const char c = text[at];
    if (quote == 0 && text.substr(at, 2) == "}}") return at + 2;
    if (quote == 0 && (c == '"' || c == '`')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (quote == '"' && c == '\\') {
      ++at;
    }
  }
  return std::string_view::npos;
}

// The text of {{ "text" }}, as Go writes it; nothing when it is something else.
std::optional<std::string> literal_in(std::string_view inner) {
  if (inner.size() < 2 || inner.front() != inner.back()) return std::nullopt;
  const char quote = inner.front();
  if (quote != '"' && quote != '`') return std::nullopt;
  const auto quoted = inner.substr(1, inner.size() - 2);
  std::string text;
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    if (quoted[at] == quote) return std::nullopt;
    const bool escape = quote == '"' && quoted[at] == '\\';
    if (escape && (++at == quoted.size() || (quoted[at] != '"' && quoted[at] != '\\'))) return std::nullopt;
    text += quoted[at];
  }
  return text;
}

class Expansion {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string&)>;

  Expansion(const std::string& file, const Lookup& lookup, const LaterTemplates& later)
      : file_(file), lookup_(lookup), later_(later) {}

  Result<std::string> run(std::string_view text) const {
    std::string result;
    std::size_t at = 0;
    for (;;) {
      const auto start = text.find("{{", at);
      result += text.substr(at, start == std::string_view::npos ? start : start - at);
      if (start == std::string_view::npos) return result;
      const auto end = end_of_template(text, start);
      if (end == std::string_view::npos) return fail(place(text, start) + "\"{{\" without \"}}\" in the same line");
      const auto value = value_of(text, start, end);
      if (!value) return value;
      result += *value;
      at = end;
    }
  }

 private:
  Result<std::string> value_of(std::string_view text, std::size_t start, std::size_t end) const {
    const auto whole = text.substr(start, end - start);
    const auto inner = trimmed(whole.substr(2, whole.size() - 4));
    if (auto literal = literal_in(inner)) return *std::move(literal);
    if (inner.empty() || inner[0] != '.' || !is_variable_name(inner.substr(1))) {
      return fail(place(text, start) + "\"" + one_line(std::string(whole)) +
                  "\" is not understood; only {{ .NAME }} is, the environment variable NAME");
    }
    const std::string name(inner.substr(1));
    if (auto value = lookup_(name)) return *std::move(value);
    if (is_for_later(text, start, name)) return std::string(whole);
    return fail(place(text, start) + "environment variable " + name + " is not defined");
  }

  bool is_for_later(std::string_view text, std::size_t start, std::string_view name) const {
    if (std::find(later_.names.begin(), later_.names.end(), name) == later_.names.end()) return false;
    const auto line_start = text.substr(0, start).rfind('\n');
    const auto before = text.substr(line_start + 1, start - (line_start + 1));  // npos + 1 is 0
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    return std::search(before.begin(), before.end(), later_.key.begin(), later_.key.end(), same) != before.end();
  }

  std::string place(std::string_view text, std::size_t at) const {
    return file_ + ":" + std::to_string(line_at(text, at)) + ": ";
  }

  const std::string& file_;
  const Lookup& lookup_;
  const LaterTemplates& later_;
};

}  // namespace

Result<std::string> expand_environment(std::string_view text, const std::string& file,
                                       const std::function<std::optional<std::string>(const std::string&)>& lookup,
                                       const LaterTemplates& later) {
  const Expansion expansion(file, lookup, later);
  const auto once = expansion.run(text);
  if (!once) return once;
  return expansion.run(*once);
}

}  // namespace common
