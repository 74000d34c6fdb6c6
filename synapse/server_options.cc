#include "synapse/server_options.h"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "common/registration/validate.h"
#include "synapse/stable_hash.h"

namespace synapse {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::size_t> random_length(std::string_view text) {
  constexpr std::size_t longest = 64;
  std::size_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool good = failure == std::errc() && end == text.data() + text.size() && length >= 1 && length <= longest;
  return good ? std::optional(length) : std::nullopt;
}

std::string letters(std::size_t length, std::uint64_t key) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string result;
  for (std::uint64_t i = 0; i < length; ++i) {
    result += alphabet[StableHash().add(key).add(i).value() % alphabet.size()];
  }
  return result;
}

std::uint32_t rotated(std::uint32_t word, int bits) {
  return (word << bits) | (word >> (32 - bits));
}

using Sha1State = std::array<std::uint32_t, 5>;

// One block of 64 bytes; names as in RFC 3174.
void sha1_block(Sha1State& h, std::string_view block) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 64; ++i) w[i / 4] = (w[i / 4] << 8) | static_cast<unsigned char>(block[i]);
  for (std::size_t t = 16; t < 80; ++t) w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  auto [a, b, c, d, e] = h;
  for (std::size_t t = 0; t < 80; ++t) {
    std::uint32_t f = b ^ c ^ d;
    std::uint32_t k = t < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
    if (t < 20) {
      f = (b & c) | (~b & d);
      k = 0x5A827999;
    } else if (t >= 40 && t < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8F1BBCDC;
    }
    const std::uint32_t next = rotated(a, 5) + f + e + w[t] + k;
    e = d;
    d = c;
    c = rotated(b, 30);
    b = a;
    a = next;
  }
  h = {h[0] + a, h[1] + b, h[2] + c, h[3] + d, h[4] + e};
}

}  // namespace

common::Result<std::string> expand_server_options(std::string_view options, std::string_view server_name,
                                                  std::uint64_t seed) {
  std::string result;
  for (std::uint64_t place = 0;; ++place) {
    const auto start = options.find("{{");
    result += options.substr(0, start);
    if (start == std::string_view::npos) return result;
    const auto end = options.find("}}", start);
    if (end == std::string_view::npos) return common::fail("\"{{\" without \"}}\"");
    const auto words = split(options.substr(start + 2, end - start - 2));
    const auto length = words.size() == 2 && words[0] == "randString" ? random_length(words[1]) : std::nullopt;
    if (words.size() == 1 && words[0] == ".Name") {
      result += server_name;
    } else if (words.size() == 2 && words[0] == "sha1String" && words[1] == ".Name") {
      result += sha1_hex(server_name);
    } else if (length) {
      result += letters(*length, StableHash().add(seed).add(server_name).add(place).value());
    } else {
      return common::fail(common::quote_for_log(options.substr(start, end + 2 - start)) +
                          " is not understood; known are {{.Name}}, {{sha1String .Name}} and {{randString 10}}, 1 to "
                          "64 letters");
    }
    options.remove_prefix(end + 2);
  }
}

std::string sha1_hex(std::string_view text) {
  Sha1State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::string padded(text);
  padded += '\x80';
  padded.append((120 - padded.size() % 64) % 64, '\0');
  const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
  for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>((bits >> shift) & 0xFF);
  for (std::size_t at = 0; at < padded.size(); at += 64) sha1_block(state, std::string_view(padded).substr(at, 64));
  std::string result;
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) result += digits[(word >> shift) & 15];
  }
  return result;
}

}  // namespace synapse
