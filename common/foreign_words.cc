#include "common/foreign_words.h"

namespace common {

std::string foreign_words(std::string_view text, std::size_t most) {
  std::string words;
  bool space = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) {
      space = !words.empty();
      continue;
    }
    if (space) words += ' ';
    space = false;
    words += c;
    if (words.size() > most) break;
  }
  if (words.size() <= most) return words;
  std::size_t end = most;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(words[at]) & 0xC0) == 0x80; };
  while (end > 0 && continues(end)) --end;  // not in the middle of a character
  words.resize(end);
  return words + "...";
}

}  // namespace common
