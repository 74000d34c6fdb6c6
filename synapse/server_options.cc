#include "synapse/server_options.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/haproxy/server_keywords.h"
#include "synapse/haproxy/words.h"
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
  return common::number_in<std::size_t>(text, 1, longest);
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

constexpr std::string_view kBegin = "{{";
constexpr std::string_view kLabels = ".Labels.";
constexpr std::string_view kPlaceholder = "synapse-label";

using LabelValue = std::function<common::Result<std::string>(std::string_view label)>;

common::Result<std::string> safe_label(const std::map<std::string, std::string>& labels, std::string_view label) {
  constexpr std::size_t longest = 64;
  const auto found = labels.find(std::string(label));
  if (found == labels.end()) return common::fail("it has no label " + common::quote_for_log(label));
  const auto& value = found->second;
  if (common::is_server_name(value) && value.size() <= longest) return value;
  return common::fail("label " + common::quote_for_log(label) +
                      " must consist of letters, digits and _ . : -, 1 to 64 of them, is " +
                      common::quote_for_log(value));
}

common::Result<std::string> expanded(std::string_view options, std::string_view server_name, std::uint64_t seed,
                                     const LabelValue& label) {
  std::string result;
  for (std::uint64_t place = 0;; ++place) {
    const auto start = options.find(kBegin);
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
    } else if (words.size() == 1 && words[0].starts_with(kLabels) && words[0].size() > kLabels.size()) {
      const auto value = label(words[0].substr(kLabels.size()));
      if (!value) return value.error();
      result += *value;
    } else {
      return common::fail(common::quote_for_log(options.substr(start, end + 2 - start)) +
                          " is not understood; known are {{.Name}}, {{sha1String .Name}}, {{.Labels.NAME}} and "
                          "{{randString 10}}, 1 to 64 letters");
    }
    options.remove_prefix(end + 2);
  }
}

common::Result<std::string> with_placeholders(std::string_view options, std::string_view server_name) {
  return expanded(options, server_name, 0,
                  [](std::string_view) -> common::Result<std::string> { return std::string(kPlaceholder); });
}

common::Result<std::vector<haproxy::OptionGroup>> groups_of(const common::Result<std::string>& text) {
  if (!text) return text.error();
  const auto words = haproxy::split_words(*text);
  if (!words) return words.error();
  return haproxy::group_options(*words);
}

bool has_placeholder(const haproxy::OptionGroup& group) {
  return std::any_of(group.words.begin(), group.words.end(),
                     [](const std::string& word) { return word.find(kPlaceholder) != std::string::npos; });
}

// Free text of which nothing that a label may hold makes anything but another text.
bool takes_any_text(std::string_view keyword) {
  return keyword == "sni" || keyword == "verifyhost" || keyword == "check-sni";
}

bool takes_labels(std::string_view keyword) {
  if (keyword == "id") return false;  // twice the same keeps HAProxy from loading the configuration
  return keyword == "weight" || takes_any_text(keyword) || common::server_option_has_value(keyword);
}

bool is_weight(std::string_view text) {
  return common::number_in(text, 0, 256).has_value();
}

// A value that does not fit would keep HAProxy from loading the whole configuration.
std::optional<std::string> why_no_value(const haproxy::OptionGroup& group) {
  std::string words;
  for (const auto& word : group.words) words += (words.empty() ? "" : " ") + haproxy::unquote(word).value_or(word);
  const auto& keyword = group.keyword->word;
  if (takes_any_text(keyword)) return std::nullopt;
  if (keyword == "weight") {
    const auto value = words.substr(words.find(' ') + 1);
    if (is_weight(value)) return std::nullopt;
    return "bad value " + common::quote_for_log(value) + " behind \"weight\"";
  }
  const auto parsed = common::parse_server_options(words);
  return parsed ? std::nullopt : std::optional(parsed.error().message);
}

}  // namespace

common::Result<std::string> expand_server_options(std::string_view options, std::string_view server_name,
                                                  const std::map<std::string, std::string>& labels,
                                                  std::uint64_t seed) {
  return expanded(options, server_name, seed, [&](std::string_view label) { return safe_label(labels, label); });
}

std::optional<std::string> why_no_server_options(std::string_view options) {
  const auto groups = groups_of(with_placeholders(options, "name"));
  if (!groups) return groups.error().message;
  for (const auto& group : *groups) {
    const auto has_control = [](const std::string& word) { return haproxy::one_line(word) != word; };
    if (std::any_of(group.words.begin(), group.words.end(), has_control)) {
      return "a tab or another control character cannot stand within a word";
    }
    if (!has_placeholder(group)) continue;
    const auto& first = group.words.front();
    if (group.keyword == nullptr)
      return "a label can be a value only, and that of a keyword that is known to be harmless";
    if (first.find(kPlaceholder) != std::string::npos) return "a label cannot choose a keyword";
    if (!takes_labels(group.keyword->word)) return "a label cannot be the value of " + common::quote_for_log(first);
  }
  return std::nullopt;
}

bool is_template(std::string_view options) {
  return options.find(kBegin) != std::string_view::npos;
}

bool names_labels(std::string_view options) {
  return options.find(kLabels) != std::string_view::npos;
}

// The values have no blanks and no quotes, so that the words and their groups are the same as those of the template.
std::optional<std::string> why_options_do_not_fit(std::string_view options, std::string_view server_name,
                                                  const std::map<std::string, std::string>& labels) {
  auto words = expand_server_options(options, server_name, labels, 0);
  if (!words) return "serverOptions: " + words.error().message;
  const auto groups = groups_of(words);
  const auto marked = groups_of(with_placeholders(options, server_name));
  if (!groups || !marked || groups->size() != marked->size()) return "serverOptions: do not fit its labels";
  for (std::size_t i = 0; i < groups->size(); ++i) {
    if (!has_placeholder((*marked)[i])) continue;
    if (auto why = why_no_value((*groups)[i])) return "serverOptions: " + *why;
  }
  return std::nullopt;
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
