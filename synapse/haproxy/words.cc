#include "synapse/haproxy/words.h"

#include <algorithm>
#include <array>

#include "common/registration/validate.h"

namespace synapse::haproxy {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Where quoting stands while a line is walked. The same rules in both functions below: a backslash protects the next
// character except between single quotes.
struct Quotes {
  char open = 0;

  bool toggle(char c) {
    if ((c != '"' && c != '\'') || (open != 0 && open != c)) return false;
    open = open == 0 ? c : 0;
    return true;
  }
};

}  // namespace

common::Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  Quotes quotes;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (quotes.open == 0 && (is_blank(c) || is_control(c))) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (quotes.open == 0 && c == '#') break;
    word += c;
    if (c == '\\' && quotes.open != '\'' && i + 1 < line.size()) {
      word += line[++i];
    } else {
      quotes.toggle(c);
    }
  }
  if (quotes.open != 0) return common::fail("unmatched quote in " + common::quote_for_log(line));
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::optional<std::string> unquote(std::string_view word) {
  std::string value;
  Quotes quotes;
  for (std::size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    if (c == '\\' && quotes.open != '\'' && i + 1 < word.size()) {
      char next = word[++i];
      // \n, \r, \t and \xNN stand for characters that a runtime command could not carry.
      if (next == 'n' || next == 'r' || next == 't' || next == 'x') return std::nullopt;
      if (std::string_view(" \\#\"'$").find(next) == std::string_view::npos) value += '\\';
      value += next;
      continue;
    }
    if (quotes.toggle(c)) continue;
    if (c == '$' && quotes.open == '"') return std::nullopt;
    value += c;
  }
  if (quotes.open != 0) return std::nullopt;
  return value;
}

std::optional<std::string> command_word(std::string_view value) {
  // `<<` announces a payload: HAProxy would wait for its end.
  if (value.empty() || value.substr(0, 2) == "<<") return std::nullopt;
  std::string word;
  for (char c : value) {
    if (is_control(c)) return std::nullopt;
    if (c == ' ' || c == ';' || c == '\\') word += '\\';
    word += c;
  }
  return word;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  return line;
}

bool begins_section(std::string_view line) {
  static constexpr std::array kSections = {"global", "defaults",    "frontend",  "backend",     "listen",
                                           "peers",  "resolvers",   "userlist",  "mailers",     "namespace_list",
                                           "cache",  "program",     "ring",      "http-errors", "fcgi-app",
                                           "acme",   "log-forward", "crt-store", "traces",      "log-profile"};
  auto words = split_words(line);
  if (!words.has_value() || words->empty()) return false;
  auto first = unquote(words->front());
  return first && std::find(kSections.begin(), kSections.end(), *first) != kSections.end();
}

}  // namespace synapse::haproxy
