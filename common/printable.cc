#include "common/printable.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace common {
namespace {

struct Character {
  std::size_t bytes = 1;
  std::uint32_t code = 0;
  bool valid = false;
};

// The first of a text that is not empty. Overlong forms and surrogates are not valid (RFC 3629).
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {bytes, code, true};
}

bool is_harmful(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return true;
  return code == 0x61C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string hex(std::uint32_t value, int digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string text;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) text += letters[(value >> shift) & 15];
  return text;
}

}  // namespace

bool is_printable(std::string_view text) {
  // Most text is ASCII.
  while (!text.empty()) {
    const auto plain = std::find_if(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c >= 0x7F; });
    text.remove_prefix(static_cast<std::size_t>(plain - text.begin()));
    if (text.empty()) return true;
    const auto character = first_of(text);
    if (!character.valid || is_harmful(character.code)) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string printable(std::string_view text) {
  if (is_printable(text)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    const auto character = first_of(text);
    if (!character.valid) {
      result += "\\x" + hex(static_cast<unsigned char>(text[0]), 2);
    } else if (character.code == '\n') {
      result += "\\n";
    } else if (character.code < 0x80 && is_harmful(character.code)) {
      result += "\\x" + hex(character.code, 2);
    } else if (is_harmful(character.code)) {
      result += "\\u" + hex(character.code, 4);
    } else {
      result += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace common
