#include "common/config/reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "common/config/document_node.h"
#include "common/config/prepare.h"

namespace common {
namespace {

using Kind = DocumentNode::Kind;

constexpr std::int64_t one_year_ms = 365LL * 24 * 3600 * 1000;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool same_key(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_whole_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return is_digits(text);
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '.') &&
         error != std::errc::invalid_argument && end == text.data() + text.size();
}

// YAML 1.1's words, which Go's decoder knows too.
std::optional<bool> as_boolean(std::string_view text) {
  for (const auto* word : {"true", "yes", "on"}) {
    if (same_key(text, word)) return true;
  }
  for (const auto* word : {"false", "no", "off"}) {
    if (same_key(text, word)) return false;
  }
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

// The value as it is shown behind "got".
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

// The kind of value, for where the value itself does not matter.
std::string kind_of(const DocumentNode& node) {
  if (node.kind != Kind::scalar) return shown(node);
  if (!node.quoted && looks_like_number(node.text)) return "a number";
  if (!node.quoted && as_boolean(node.text)) return "a boolean";
  return "a string";
}

std::string bounds(Range range) {
  if (range.max == std::numeric_limits<std::int64_t>::max()) return "must be at least " + std::to_string(range.min);
  if (range.min == std::numeric_limits<std::int64_t>::min()) return "must be at most " + std::to_string(range.max);
  return "must be between " + std::to_string(range.min) + " and " + std::to_string(range.max);
}

// Edit distance without case, where swapping two neighbours is one edit.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

bool contains_word(std::string_view long_word, std::string_view word) {
  return std::search(long_word.begin(), long_word.end(), word.begin(), word.end(),
                     [](char x, char y) { return lower(x) == lower(y); }) != long_word.end();
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near ? "; did you mean " + in_quotes(*near) + "?" : "";
}

}  // namespace

Reader::Reader(const Document& document, Diagnostics& diagnostics)
    : Reader(document.root(), "", document.file(), diagnostics) {}

Reader::Reader(const DocumentNode& node, std::string path, const std::string& file, Diagnostics& diagnostics)
    : node_(&node), path_(std::move(path)), file_(&file), diagnostics_(&diagnostics) {}

std::string Reader::location() const {
  return *file_ + ":" + std::to_string(node_->line);
}

std::string Reader::placed(int line, std::string_view key, const std::string& message) const {
  std::string path = path_;
  if (!key.empty()) path += (path.empty() ? "" : ".") + std::string(key);
  return one_line(*file_ + ":" + std::to_string(line) + ": " + (path.empty() ? "" : path + ": ") + message);
}

void Reader::error(const std::string& message) const {
  diagnostics_->errors.push_back(placed(node_->line, "", message));
}

void Reader::warn(const std::string& message) const {
  diagnostics_->warnings.push_back(placed(node_->line, "", message));
}

bool Reader::is_mapping() const {
  return node_->kind == Kind::mapping;
}

bool Reader::is_list() const {
  return node_->kind == Kind::list;
}

std::string Reader::text() const {
  if (node_->kind == Kind::scalar) return node_->text;
  error("must be a string, got " + shown(*node_));
  return {};
}

std::int64_t Reader::integer(Range range, std::int64_t fallback) const {
  if (node_->kind != Kind::scalar || !is_whole_number(node_->text)) {
    error("must be a whole number, got " + shown(*node_));
    return fallback;
  }
  std::string_view digits = node_->text;
  if (digits[0] == '+') digits.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool unbounded = range.max == std::numeric_limits<std::int64_t>::max();
  if (failure != std::errc() && unbounded) {
    error("must be a whole number that fits 64 bits, got " + node_->text.substr(0, 40));
    return fallback;
  }
  if (failure != std::errc() || value < range.min || value > range.max) {
    error(bounds(range) + ", got " + node_->text.substr(0, 40));
    return fallback;
  }
  return value;
}

bool Reader::boolean(bool fallback) const {
  if (node_->kind == Kind::scalar) {
    if (const auto value = as_boolean(node_->text)) return *value;
  }
  error("must be true or false, got " + shown(*node_));
  return fallback;
}

std::vector<Reader> Reader::items() const {
  std::vector<Reader> result;
  if (node_->kind != Kind::list) {
    error("must be a list, got " + kind_of(*node_));
    return result;
  }
  result.reserve(node_->items.size());
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    result.push_back(Reader(*node_->items[i], path_ + "[" + std::to_string(i) + "]", *file_, *diagnostics_));
  }
  return result;
}

std::vector<std::pair<std::string, Reader>> Reader::members() const {
  std::vector<std::pair<std::string, Reader>> result;
  if (node_->kind != Kind::mapping) {
    error("must be a mapping, got " + kind_of(*node_));
    return result;
  }
  for (const auto& member : node_->members) result.emplace_back(member.key, child(*member.value, member.key));
  return result;
}

Reader Reader::child(const DocumentNode& node, std::string_view key) const {
  constexpr std::size_t max_shown = 80;
  return Reader(node, path_ + (path_.empty() ? "" : ".") + std::string(key.substr(0, max_shown)), *file_,
                *diagnostics_);
}

ObjectReader::ObjectReader(Reader reader) : self_(std::move(reader)) {
  if (!self_.is_mapping()) self_.error("must be a mapping, got " + kind_of(*self_.node_));
}

const DocumentNode* ObjectReader::value_of(std::string_view key) const {
  for (const auto& member : self_.node_->members) {
    if (same_key(member.key, key)) return member.value->kind == Kind::null ? nullptr : member.value.get();
  }
  return nullptr;
}

std::optional<Reader> ObjectReader::find(std::string_view key) {
  ignore(key);
  const auto* value = value_of(key);
  if (value == nullptr) return std::nullopt;
  return self_.child(*value, key);
}

void ObjectReader::error(std::string_view key, const std::string& message) const {
  // A value that is not a mapping has been reported; all its keys are missing then.
  if (!self_.is_mapping()) return;
  const auto* value = value_of(key);
  const int line = value == nullptr ? self_.node_->line : value->line;
  self_.diagnostics_->errors.push_back(self_.placed(line, key, message));
}

bool ObjectReader::has(std::string_view key) {
  return find(key).has_value();
}

std::string ObjectReader::text(std::string_view key, std::string_view fallback) {
  const auto value = find(key);
  return value ? value->text() : std::string(fallback);
}

std::string ObjectReader::required_text(std::string_view key) {
  const auto value = find(key);
  if (!value) {
    error(key, "is missing");
    return {};
  }
  if (value->node_->kind == Kind::scalar && value->node_->text.empty()) value->error("must not be empty");
  return value->text();
}

bool ObjectReader::boolean(std::string_view key, bool fallback) {
  const auto value = find(key);
  return value ? value->boolean(fallback) : fallback;
}

std::int64_t ObjectReader::integer(std::string_view key, std::int64_t fallback, Range range) {
  const auto value = find(key);
  return value ? value->integer(range, fallback) : fallback;
}

std::int64_t ObjectReader::required_integer(std::string_view key, Range range) {
  const auto value = find(key);
  if (value) return value->integer(range, range.min);
  error(key, "is missing");
  return range.min;
}

std::chrono::milliseconds ObjectReader::milliseconds(std::string_view key, std::chrono::milliseconds fallback,
                                                     std::int64_t minimum) {
  const auto value = find(key);
  if (!value) return fallback;
  const std::int64_t count = value->integer({minimum, std::numeric_limits<std::int64_t>::max()}, fallback.count());
  if (count > one_year_ms) {
    value->error("must be at most " + std::to_string(one_year_ms) + " (a year), got " + std::to_string(count));
    return fallback;
  }
  return std::chrono::milliseconds(count);
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> result;
  for (const auto& item : items(key)) result.push_back(item.text());
  return result;
}

std::map<std::string, std::string> ObjectReader::text_map(std::string_view key) {
  std::map<std::string, std::string> result;
  const auto value = find(key);
  if (!value) return result;
  for (const auto& [name, member] : value->members()) result.emplace(name, member.text());
  return result;
}

std::vector<Reader> ObjectReader::items(std::string_view key) {
  const auto value = find(key);
  return value ? value->items() : std::vector<Reader>();
}

std::string ObjectReader::one_of(std::string_view key, std::string_view fallback,
                                 const std::vector<std::string>& names) {
  const auto value = find(key);
  if (!value) return std::string(fallback);
  if (value->node_->kind == Kind::scalar) {
    const auto& text = value->node_->text;
    if (std::find(names.begin(), names.end(), text) != names.end()) return text;
  }
  value->error("must be one of " + boost::algorithm::join(names, ", ") + ", got " + shown(*value->node_) +
               (value->node_->kind == Kind::scalar ? did_you_mean(value->node_->text, names) : ""));
  return std::string(fallback);
}

void ObjectReader::ignore(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

void ObjectReader::finish() {
  for (const auto& member : self_.node_->members) {
    const auto same = [&](const std::string& key) { return same_key(key, member.key); };
    if (std::any_of(known_.begin(), known_.end(), same)) continue;
    auto& diagnostics = *self_.diagnostics_;
    auto& list = diagnostics.strict ? diagnostics.errors : diagnostics.warnings;
    list.push_back(
        self_.placed(member.key_line, "", "unknown key " + in_quotes(member.key) + did_you_mean(member.key, known_)));
  }
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t edits = distance(word, candidate);
    if (best != nullptr && edits >= best_distance) continue;
    best = &candidate;
    best_distance = edits;
  }
  // A third of the letters may be wrong; "timeout" is near to "timeoutInMilli", too.
  if (best != nullptr && best_distance <= std::max<std::size_t>(1, word.size() / 3)) return *best;
  for (const auto& candidate : candidates) {
    if (word.size() >= 4 && contains_word(candidate, word)) return candidate;
  }
  return std::nullopt;
}

}  // namespace common
