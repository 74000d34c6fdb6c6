#include "common/config/reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "common/config/document_node.h"
#include "common/config/nearest.h"
#include "common/config/prepare.h"
#include "common/config/value_words.h"
#include "common/lower_case.h"

namespace common {
namespace {

using Kind = DocumentNode::Kind;

constexpr std::int64_t one_year_ms = 365LL * 24 * 3600 * 1000;

bool same_key(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower_case(a) == lower_case(b);
}

std::string bounds(Range range) {
  if (range.max == std::numeric_limits<std::int64_t>::max()) return "must be at least " + std::to_string(range.min);
  if (range.min == std::numeric_limits<std::int64_t>::min()) return "must be at most " + std::to_string(range.max);
  return "must be between " + std::to_string(range.min) + " and " + std::to_string(range.max);
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

}  // namespace common
