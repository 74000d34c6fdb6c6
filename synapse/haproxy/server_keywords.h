// The keywords of a `server` line (configuration manual 5.2): how many words each takes, and whether a server that is
// added at run time may have it. The latter was asked of HAProxy 2.6.12 and 3.0.11 word by word. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

enum class AtRunTime { always, since_3_0, never };  // `always`: wherever `add server` exists

struct ServerKeyword {
  std::string_view word;
  int arguments;
  AtRunTime at_run_time;
};

[[nodiscard]] const ServerKeyword* find_server_keyword(std::string_view word);

// When `word` (such as `no-check`) only takes back another keyword, that one. `add server` refuses most of them, so
// they are resolved before the words are sent.
[[nodiscard]] std::optional<std::string_view> taken_back_by(std::string_view word);

// A keyword with its arguments. Words are kept as written.
struct OptionGroup {
  const ServerKeyword* keyword = nullptr;  // null: a word that this program does not know, alone in its group
  std::vector<std::string> words;

  [[nodiscard]] bool is(std::string_view word) const { return keyword != nullptr && keyword->word == word; }
};

// Cuts the words of a server line or of `default-server` into keywords with their arguments. A keyword whose arguments
// are missing counts as unknown.
[[nodiscard]] std::vector<OptionGroup> group_options(const std::vector<std::string>& words);

}  // namespace synapse::haproxy
