#include "synapse/haproxy/secrets.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>

#include "common/config/mask.h"
#include "common/trimmed.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kShortest = 4;

// Also the words of a line that HAProxy cannot split, such as one with an unmatched quote.
std::vector<std::string> words_of(std::string_view line) {
  if (auto words = split_words(line)) return std::move(*words);
  std::vector<std::string> words;
  for (auto begin = line.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const auto end = line.find_first_of(kBlanks, begin);
    words.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

// "a$NAME" and "a${NAME-b}" in double quotes: NAME.
std::vector<std::string> variables_of(std::string_view word) {
  const auto part_of_name = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  std::vector<std::string> names;
  for (auto at = word.find('$'); at != std::string_view::npos; at = word.find('$', at + 1)) {
    std::size_t begin = at + 1;
    if (begin < word.size() && word[begin] == '{') ++begin;
    std::size_t end = begin;
    while (end < word.size() && part_of_name(word[end])) ++end;
    if (end > begin) names.emplace_back(word.substr(begin, end - begin));
  }
  return names;
}

// HAProxy shows a line with what is not printable replaced.
std::string printed(std::string_view line) {
  std::string result(line);
  for (char& c : result) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      c = ' ';
    } else if (std::isprint(static_cast<unsigned char>(c)) == 0) {
      c = '?';
    }
  }
  return result;
}

// The servers' names and addresses are no secrets, and what stands behind them is mostly the same.
std::string_view without_server(std::string_view line) {
  constexpr std::string_view kKeyword = "server ";
  const auto text = common::trimmed(line);
  if (!text.starts_with(kKeyword)) return line;
  const auto name_ends = text.find(' ', kKeyword.size());
  const auto address_ends = name_ends == std::string_view::npos ? name_ends : text.find(' ', name_ends + 1);
  return address_ends == std::string_view::npos ? std::string_view() : text.substr(address_ends);
}

}  // namespace

Secrets::Secrets(std::string_view configuration, const Environment& environment) {
  std::set<std::string_view> seen;
  while (!configuration.empty()) {
    const auto line = configuration.substr(0, configuration.find('\n'));
    configuration.remove_prefix(std::min(line.size() + 1, configuration.size()));
    if (!seen.insert(without_server(line)).second) continue;
    const auto shown = common::mask_haproxy_line(line);
    if (shown == line) continue;
    lines_.push_back(printed(line));
    for (const auto& word : words_of(line)) {
      if (shown.find(word) == std::string::npos) add_word(word, environment);
    }
  }
  std::sort(words_.begin(), words_.end(), [](const std::string& left, const std::string& right) {
    return left.size() != right.size() ? left.size() > right.size() : left < right;
  });
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
}

void Secrets::add(std::string_view word) {
  if (word.size() >= kShortest) words_.emplace_back(word);
}

void Secrets::add_word(const std::string& written, const Environment& environment) {
  std::vector<std::string> forms{written};
  if (auto understood = unquote(written)) forms.push_back(std::move(*understood));
  std::string bare = written;
  std::erase_if(bare, [](char c) { return c == '"' || c == '\''; });
  forms.push_back(std::move(bare));
  for (const auto& name : variables_of(written)) {
    if (auto value = environment(name)) forms.push_back(std::move(*value));
  }
  for (const std::string_view form : forms) {
    add(form);
    if (const auto colon = form.find(':'); colon != std::string_view::npos) add(form.substr(colon + 1));
  }
}

std::string Secrets::masked_line(std::string line) const {
  // A line that is too long is shown without its beginning, and with dots at its end.
  auto shown = common::trimmed(line);
  while (shown.ends_with('.')) shown.remove_suffix(1);
  const auto shows = [&](const std::string& secret) { return secret.find(shown) != std::string::npos; };
  if (line.starts_with(' ') && shown.size() >= kShortest && std::any_of(lines_.begin(), lines_.end(), shows)) {
    return "  " + std::string(kMask);
  }
  for (const auto& word : words_) {
    for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + kMask.size())) {
      line.replace(at, word.size(), kMask);
    }
  }
  for (const auto& word : words_) {
    for (auto size = std::min(word.size() - 1, line.size()); size >= kShortest; --size) {
      if (!line.ends_with(std::string_view(word).substr(0, size))) continue;
      line.replace(line.size() - size, size, kMask);
      break;
    }
  }
  return line;
}

std::string Secrets::masked(std::string_view said) const {
  if (words_.empty() && lines_.empty()) return std::string(said);
  std::string result;
  while (!said.empty()) {
    const auto line = said.substr(0, said.find('\n'));
    result += masked_line(std::string(line));
    if (line.size() < said.size()) result += '\n';
    said.remove_prefix(std::min(line.size() + 1, said.size()));
  }
  return result;
}

}  // namespace synapse::haproxy
