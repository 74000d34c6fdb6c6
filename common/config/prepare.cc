#include "common/config/prepare.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <sstream>
#include <utility>

namespace common {
namespace {

// Length of the UTF-8 sequence at the start of `text`; 0 when it is none (overlong, surrogate, cut).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

// yaml-cpp takes some control characters as its own marks and repairs broken UTF-8 silently.
void check_characters(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '\n') ++line;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      constexpr std::string_view digits = "0123456789abcdef";
      throw Refused(line, std::string("control character 0x") + digits[c >> 4] + digits[c & 15]);
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) throw Refused(line, "not UTF-8");
    at += length;
  }
}

// The first character of the first value: after white space, comments and a document mark.
char first_significant(std::string_view text) {
  while (!text.empty()) {
    const auto start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return 0;
    text.remove_prefix(start);
    const bool skip_line = text[0] == '#' || text[0] == '%';
    if (skip_line) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.substr(0, 3) == "---") {
      text.remove_prefix(3);
    } else {
      return text[0];
    }
  }
  return 0;
}

std::optional<std::uint32_t> unicode_escape(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(2, 4)) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    const auto digit = static_cast<unsigned char>(std::tolower(static_cast<unsigned char>(c)));
    value = value * 16 + static_cast<std::uint32_t>(digit >= 'a' ? digit - 'a' + 10 : digit - '0');
  }
  return value;
}

// JSON is YAML but for two things: it is indented by tabs at times, and a character outside the basic plane is written
// as two \u escapes. Lines stay where they are.
class JsonToYaml {
 public:
  explicit JsonToYaml(std::string_view text) : text_(text) { result_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (quote_ != 0) {
        in_quotes();
      } else {
        outside();
      }
    }
    return std::move(result_);
  }

 private:
  void outside() {
    const char c = text_[at_];
    const bool after_space = at_ == 0 || std::isspace(static_cast<unsigned char>(text_[at_ - 1]));
    if (c == '#' && (after_space || last_ == ',')) {
      const auto end = std::min(text_.find('\n', at_), text_.size());
      at_ = end;
      return;
    }
    // In the middle of a plain word a quote is a character like others.
    if ((c == '"' || c == '\'') && std::string_view("{[,:?").find(last_) != std::string_view::npos) quote_ = c;
    if (!std::isspace(static_cast<unsigned char>(c))) last_ = c;
    result_ += c == '\t' ? ' ' : c;
    ++at_;
  }

  void in_quotes() {
    const char c = text_[at_];
    if (c == '\\' && quote_ == '"' && at_ + 1 < text_.size()) {
      escape();
      return;
    }
    if (c == quote_) {
      const bool doubled = quote_ == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'';
      if (doubled) {
        result_ += "''";
        at_ += 2;
        return;
      }
      quote_ = 0;
      last_ = c;
    }
    result_ += c;
    ++at_;
  }

  void escape() {
    const auto high = unicode_escape(text_.substr(at_));
    const auto low = high ? unicode_escape(text_.substr(at_ + 6)) : std::nullopt;
    if (low && *high >= 0xD800 && *high < 0xDC00 && *low >= 0xDC00 && *low < 0xE000) {
      const std::uint32_t code = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
      std::ostringstream hex;
      hex << std::hex << std::uppercase << code;
      result_ += "\\U" + std::string(8 - hex.str().size(), '0') + hex.str();
      at_ += 12;
      return;
    }
    result_ += text_.substr(at_, 2);
    at_ += 2;
  }

  std::string_view text_;
  std::string result_;
  std::size_t at_ = 0;
  char quote_ = 0;
  char last_ = ',';
};

}  // namespace

std::string prepare(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
  check_characters(text);
  const char first = first_significant(text);
  return first == '{' || first == '[' ? JsonToYaml(text).run() : std::string(text);
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

}  // namespace common
