#include "synapse/haproxy/server_keywords.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

using enum AtRunTime;

// Sorted by word.
constexpr ServerKeyword kKeywords[] = {
    {"addr", 1, always},
    {"agent-addr", 1, always},
    {"agent-check", 0, always},
    {"agent-inter", 1, always},
    {"agent-port", 1, always},
    {"agent-send", 1, always},
    {"allow-0rtt", 0, always},
    {"alpn", 1, always},
    {"backup", 0, always},
    {"ca-file", 1, always},
    {"check", 0, always},
    {"check-alpn", 1, always},
    {"check-proto", 1, always},
    {"check-send-proxy", 0, always},
    {"check-sni", 1, always},
    {"check-ssl", 0, always},
    {"check-via-socks4", 0, always},
    {"ciphers", 1, always},
    {"ciphersuites", 1, always},
    {"client-sigalgs", 1, since_3_0},
    {"cookie", 1, since_3_0},
    {"crl-file", 1, always},
    {"crt", 1, always},
    {"curves", 1, since_3_0},
    {"disabled", 0, always},
    {"downinter", 1, always},
    {"enabled", 0, always},
    {"error-limit", 1, always},
    {"fall", 1, always},
    {"fastinter", 1, always},
    {"force-sslv3", 0, always},
    {"force-tlsv10", 0, always},
    {"force-tlsv11", 0, always},
    {"force-tlsv12", 0, always},
    {"force-tlsv13", 0, always},
    {"guid", 1, since_3_0},
    {"hash-key", 1, since_3_0},
    {"id", 1, always},
    {"init-addr", 1, never},
    {"inter", 1, always},
    {"log-bufsize", 1, never},
    {"log-proto", 1, never},
    {"max-reuse", 1, never},
    {"maxconn", 1, always},
    {"maxqueue", 1, always},
    {"minconn", 1, always},
    {"namespace", 1, never},
    {"no-agent-check", 0, never},
    {"no-backup", 0, always},
    {"no-check", 0, never},
    {"no-check-send-proxy", 0, never},
    {"no-check-ssl", 0, never},
    {"no-send-proxy", 0, always},
    {"no-send-proxy-v2", 0, always},
    {"no-send-proxy-v2-ssl", 0, never},
    {"no-send-proxy-v2-ssl-cn", 0, never},
    {"no-ssl", 0, never},
    {"no-ssl-reuse", 0, always},
    {"no-sslv3", 0, always},
    {"no-tfo", 0, always},
    {"no-tls-tickets", 0, always},
    {"no-tlsv10", 0, always},
    {"no-tlsv11", 0, always},
    {"no-tlsv12", 0, always},
    {"no-tlsv13", 0, always},
    {"non-stick", 0, never},
    {"npn", 1, always},
    {"observe", 1, always},
    {"on-error", 1, always},
    {"on-marked-down", 1, always},
    {"on-marked-up", 1, always},
    {"pool-low-conn", 1, always},
    {"pool-max-conn", 1, always},
    {"pool-purge-delay", 1, always},
    {"port", 1, always},
    {"proto", 1, always},
    {"proxy-v2-options", 1, always},
    {"redir", 1, never},
    {"resolve-net", 1, never},
    {"resolve-opts", 1, never},
    {"resolve-prefer", 1, never},
    {"resolvers", 1, never},
    {"rise", 1, always},
    {"send-proxy", 0, always},
    {"send-proxy-v2", 0, always},
    {"send-proxy-v2-ssl", 0, always},
    {"send-proxy-v2-ssl-cn", 0, always},
    {"shard", 1, since_3_0},
    {"sigalgs", 1, since_3_0},
    {"slowstart", 1, always},
    {"sni", 1, always},
    {"socks4", 1, never},
    {"source", 1, always},
    {"ssl", 0, always},
    {"ssl-max-ver", 1, always},
    {"ssl-min-ver", 1, always},
    {"ssl-reuse", 0, never},
    {"stick", 0, never},
    {"tcp-ut", 1, never},
    {"tfo", 0, always},
    {"tls-tickets", 0, always},
    {"track", 1, always},
    {"usesrc", 1, never},
    {"verify", 1, always},
    {"verifyhost", 1, always},
    {"weight", 1, always},
    {"ws", 1, always},
};

constexpr bool sorted() {
  return std::is_sorted(std::begin(kKeywords), std::end(kKeywords),
                        [](const auto& a, const auto& b) { return a.word < b.word; });
}
static_assert(sorted());

constexpr std::pair<std::string_view, std::string_view> kTakesBack[] = {
    {"no-agent-check", "agent-check"},
    {"no-backup", "backup"},
    {"no-check", "check"},
    {"no-check-send-proxy", "check-send-proxy"},
    {"no-check-ssl", "check-ssl"},
    {"no-send-proxy", "send-proxy"},
    {"no-send-proxy-v2", "send-proxy-v2"},
    {"no-send-proxy-v2-ssl", "send-proxy-v2-ssl"},
    {"no-send-proxy-v2-ssl-cn", "send-proxy-v2-ssl-cn"},
    {"no-ssl", "ssl"},
    {"no-tfo", "tfo"},
    {"ssl-reuse", "no-ssl-reuse"},
    {"stick", "non-stick"},
    {"tls-tickets", "no-tls-tickets"},
};

// `source` may be followed by `usesrc X` or `interface X`.
std::size_t length_of(const ServerKeyword& keyword, const std::vector<std::string>& words, std::size_t at) {
  std::size_t length = 1 + static_cast<std::size_t>(keyword.arguments);
  if (keyword.word != "source") return length;
  while (at + length + 1 < words.size() && (words[at + length] == "usesrc" || words[at + length] == "interface")) {
    length += 2;
  }
  return length;
}

}  // namespace

const ServerKeyword* find_server_keyword(std::string_view word) {
  // The argument in brackets is a number of the user's choice.
  static constexpr ServerKeyword kTlv{"set-proxy-v2-tlv-fmt", 1, since_3_0};
  if (word.starts_with("set-proxy-v2-tlv-fmt(")) return &kTlv;
  const auto* found =
      std::lower_bound(std::begin(kKeywords), std::end(kKeywords), word,
                       [](const ServerKeyword& keyword, std::string_view w) { return keyword.word < w; });
  return found != std::end(kKeywords) && found->word == word ? found : nullptr;
}

std::optional<std::string_view> taken_back_by(std::string_view word) {
  for (const auto& [taker, taken] : kTakesBack) {
    if (taker == word) return taken;
  }
  return std::nullopt;
}

std::vector<OptionGroup> group_options(const std::vector<std::string>& words) {
  std::vector<OptionGroup> groups;
  for (std::size_t i = 0; i < words.size();) {
    auto value = unquote(words[i]);
    OptionGroup group;
    group.keyword = value ? find_server_keyword(*value) : nullptr;
    std::size_t length = group.keyword == nullptr ? 1 : length_of(*group.keyword, words, i);
    if (i + length > words.size()) {
      group.keyword = nullptr;
      length = 1;
    }
    for (std::size_t end = i + length; i < end; ++i) group.words.push_back(words[i]);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace synapse::haproxy
