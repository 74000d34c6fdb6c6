#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "common/registration/validate.h"

namespace common {
namespace {

constexpr std::size_t max_length = 1000;
// HAProxy reads 64 words of a line; the rest is for the name, the address and the service's own options.
constexpr std::size_t max_words = 30;
constexpr std::size_t max_word_length = 100;

// What may stand behind a keyword.
enum class Shape {
  flag,         // nothing
  time,         // 1 ms to a day
  check_time,   // 50 ms to a day: a record must not make HAProxy check a thousand times a second
  count,        // 1..1000
  connections,  // 0..1000000
  pool_size,    // -1..1000000
  port,         // 1..65535
  id,           // 1..2^31-1
  token,        // a cookie's value
  protocols,    // ALPN names with commas
  verify,       // none
  observe,      // layer4, layer7
  on_error,     // what HAProxy's manual lists
  on_marked_down,
  on_marked_up,
};

struct Keyword {
  std::string_view name;
  Shape shape;
};

// Whoever can write a record can attract the traffic of its service; by these options he must not reach farther: not to
// files, not to other services, not to HAProxy's life as a whole. What is left out reads files (ca-file, crt,
// crl-file), changes where connections and checks go or come from (addr, agent-addr, source, socks4, redir, track,
// init-addr, resolvers, namespace, usesrc), evaluates expressions (sni, set-proxy-v2-tlv-fmt), sends chosen bytes
// (agent-send), weakens TLS (ciphers, ssl-max-ver, force-*, allow-0rtt), takes back what the operator said (no-*),
// makes the whole configuration invalid where the backend's mode does not fit (proto), or has a field of its own
// (weight, disabled, enabled).
constexpr std::array keywords = {
    // Health checks of this server. `port` is the port of the check only.
    Keyword{"check", Shape::flag},
    Keyword{"inter", Shape::check_time},
    Keyword{"fastinter", Shape::check_time},
    Keyword{"downinter", Shape::check_time},
    Keyword{"rise", Shape::count},
    Keyword{"fall", Shape::count},
    Keyword{"port", Shape::port},
    Keyword{"check-ssl", Shape::flag},
    Keyword{"check-send-proxy", Shape::flag},
    Keyword{"check-alpn", Shape::protocols},
    // An agent on the server's own address, which may lower its weight or take it out.
    Keyword{"agent-check", Shape::flag},
    Keyword{"agent-port", Shape::port},
    Keyword{"agent-inter", Shape::check_time},
    // What errors of live traffic mean for this server.
    Keyword{"observe", Shape::observe},
    Keyword{"on-error", Shape::on_error},
    Keyword{"error-limit", Shape::count},
    Keyword{"on-marked-down", Shape::on_marked_down},
    Keyword{"on-marked-up", Shape::on_marked_up},
    // How much traffic it takes, and when.
    Keyword{"backup", Shape::flag},
    Keyword{"maxconn", Shape::connections},
    Keyword{"minconn", Shape::connections},
    Keyword{"maxqueue", Shape::connections},
    Keyword{"slowstart", Shape::time},
    // How HAProxy speaks with it. An operator who wants certificates verified says so in serverOptions, which stand
    // behind these words in the line and win.
    Keyword{"ssl", Shape::flag},
    Keyword{"verify", Shape::verify},
    Keyword{"alpn", Shape::protocols},
    Keyword{"send-proxy", Shape::flag},
    Keyword{"send-proxy-v2", Shape::flag},
    Keyword{"tfo", Shape::flag},
    // Idle connections to it.
    Keyword{"pool-low-conn", Shape::connections},
    Keyword{"pool-max-conn", Shape::pool_size},
    Keyword{"pool-purge-delay", Shape::time},
    // Its identity within the backend.
    Keyword{"cookie", Shape::token},
    Keyword{"id", Shape::id},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

bool is_protocol_character(char c) {
  return is_token_character(c) || c == '/' || c == ',';
}

// Digits only, as HAProxy's manual has it: its parser would take "10x" in places.
std::optional<std::int64_t> number(std::string_view text) {
  constexpr std::size_t max_digits = 12;
  if (text.empty() || text.size() > max_digits || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_number(std::string_view text, std::int64_t min, std::int64_t max) {
  const auto value = number(text);
  return value && *value >= min && *value <= max;
}

bool is_time(std::string_view text, std::int64_t min_ms) {
  constexpr std::int64_t day_ms = 24 * 3600 * 1000;
  const auto digits = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  const auto count = number(text.substr(0, digits));
  const auto unit = text.substr(digits);
  std::int64_t factor = 0;
  if (unit.empty() || unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60 * 1000;
  if (unit == "h") factor = 3600 * 1000;
  if (unit == "d") factor = day_ms;
  return count && factor != 0 && *count <= day_ms && *count * factor >= min_ms && *count * factor <= day_ms;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool has_shape(std::string_view text, Shape shape) {
  switch (shape) {
    case Shape::flag:
      return false;
    case Shape::time:
      return is_time(text, 1);
    case Shape::check_time:
      return is_time(text, 50);
    case Shape::count:
      return is_number(text, 1, 1000);
    case Shape::connections:
      return is_number(text, 0, 1'000'000);
    case Shape::pool_size:
      return text == "-1" || is_number(text, 0, 1'000'000);
    case Shape::port:
      return is_number(text, 1, 65535);
    case Shape::id:
      return is_number(text, 1, 2'147'483'647);
    case Shape::token:
      return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
    case Shape::protocols:
      return !text.empty() && std::all_of(text.begin(), text.end(), is_protocol_character) && text.front() != ',' &&
             text.back() != ',' && text.find(",,") == std::string_view::npos;
    case Shape::verify:
      return text == "none";
    case Shape::observe:
      return is_one_of(text, {"layer4", "layer7"});
    case Shape::on_error:
      return is_one_of(text, {"fastinter", "fail-check", "sudden-death", "mark-down"});
    case Shape::on_marked_down:
      return text == "shutdown-sessions";
    case Shape::on_marked_up:
      return text == "shutdown-backup-sessions";
  }
  return false;
}

// Nothing but printable ASCII that means nothing to HAProxy's line parser.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (c >= 0x20 && c < 0x7F && std::string_view("\"'\\$#`;{}").find(c) == std::string_view::npos);
  });
}

const Keyword* find_keyword(std::string_view name) {
  const auto* found =
      std::find_if(keywords.begin(), keywords.end(), [&](const Keyword& known) { return known.name == name; });
  return found == keywords.end() ? nullptr : found;
}

Result<std::vector<std::string>> split(std::string_view options) {
  if (options.size() > max_length) return fail("longer than " + std::to_string(max_length) + " characters");
  if (!is_plain(options)) return fail("forbidden character in " + quote_for_log(options));
  std::vector<std::string> words;
  for (;;) {
    const auto start = options.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    options.remove_prefix(start);
    const auto end = std::min(options.find_first_of(" \t"), options.size());
    words.emplace_back(options.substr(0, end));
    options.remove_prefix(end);
    if (words.back().size() > max_word_length) return fail("word too long: " + quote_for_log(words.back()));
    if (words.size() > max_words) return fail("more than " + std::to_string(max_words) + " words");
  }
  return words;
}

// Combinations that HAProxy takes for a fatal error: one such record would keep the whole configuration from loading.
Result<void> check_combination(const std::vector<std::string_view>& names) {
  const auto has = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (const auto* tls : {"ssl", "check-ssl"}) {
    if (has(tls) && !has("verify")) return fail(quote_for_log(tls) + " needs \"verify none\" beside it");
  }
  if (has("agent-check") && !has("agent-port")) return fail("\"agent-check\" needs \"agent-port\" beside it");
  return {};
}

}  // namespace

Result<std::vector<std::string>> parse_server_options(std::string_view options) {
  auto words = split(options);
  if (!words) return words;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < words->size(); ++i) {
    const std::string& name = (*words)[i];
    const auto* keyword = find_keyword(name);
    if (keyword == nullptr) return fail("word " + quote_for_log(name) + " is not allowed");
    names.push_back(name);
    if (keyword->shape == Shape::flag) continue;
    if (++i == words->size()) return fail("value missing behind " + quote_for_log(name));
    if (!has_shape((*words)[i], keyword->shape)) {
      return fail("bad value " + quote_for_log((*words)[i]) + " behind " + quote_for_log(name));
    }
  }
  if (const auto sound = check_combination(names); !sound) return sound.error();
  return words;
}

bool server_option_has_value(std::string_view keyword) {
  const auto* known = find_keyword(keyword);
  return known != nullptr && known->shape != Shape::flag;
}

}  // namespace common
