#include "common/config/mask.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "common/lower_case.h"

namespace common {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kBlanks = " \t\r\n";

// "X-Api_Key" as "xapikey".
std::string bare(std::string_view name) {
  std::string result = lower_case(name);
  std::erase_if(result, [](char c) { return c == '-' || c == '_'; });
  return result;
}

template <class Words>
bool contains_any(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

template <class Words>
bool is_any(std::string_view text, const Words& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// The end of "user:password@" that begins at `start`, as the range of the password; nothing when there is none.
bool find_credentials(std::string_view text, std::size_t start, std::size_t& begin, std::size_t& end) {
  const auto stop = text.find_first_of(" \t\"'", start);
  const auto part = text.substr(start, stop == std::string_view::npos ? stop : stop - start);
  const auto colon = part.find(':');
  // A password may hold '@' and '/': the last '@' before the host ends it.
  const auto at = part.rfind('@');
  if (colon == std::string_view::npos || at == std::string_view::npos || colon > at) return false;
  if (part.substr(0, colon).find('/') != std::string_view::npos) return false;
  begin = start + colon + 1;
  end = start + at;
  return true;
}

std::string mask_credentials(std::string_view text) {
  const auto scheme = text.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::size_t begin = 0;
  std::size_t end = 0;
  if (!find_credentials(text, start, begin, end)) return std::string(text);
  std::string result(text.substr(0, begin));
  result += kMask;
  result += scheme == std::string_view::npos ? text.substr(end) : std::string_view(mask_credentials(text.substr(end)));
  return result;
}

// Where the value that begins at `at` ends: at a delimiter, or at its closing quote.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (at < text.size() && (text[at] == '\'' || text[at] == '"')) {
    const char quote = text[at++];
    while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
  }
  while (at < text.size() && std::string_view(" \t&;,\"'").find(text[at]) == std::string_view::npos) {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at, text.size());
}

std::string mask_assignments(std::string text) {
  const auto skip_blanks = [&](std::size_t at) { return std::min(text.find_first_not_of(" \t", at), text.size()); };
  for (const std::string_view word : {"password", "passwd", "pass", "pwd", "secret", "token", "api_key", "api-key",
                                      "apikey", "access_key", "access-key", "accesskey"}) {
    for (std::size_t at = 0; (at = lower_case(text).find(word, at)) != std::string::npos;) {
      at += word.size();
      const auto equals = skip_blanks(at);
      if (equals == text.size() || text[equals] != '=') continue;
      at = skip_blanks(equals + 1);
      text.replace(at, end_of_value(text, at) - at, kMask);
      at += kMask.size();
    }
  }
  return text;
}

// A word, and where it stands: quotes and backslashes keep blanks together, as a shell and HAProxy have it.
struct Word {
  std::size_t begin;
  std::size_t end;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::size_t at = text.find_first_not_of(kBlanks);
  while (at < text.size()) {
    const std::size_t begin = at;
    char quote = 0;
    for (; at < text.size() && (quote != 0 || kBlanks.find(text[at]) == std::string_view::npos); ++at) {
      if (text[at] == '\\' && quote != '\'' && at + 1 < text.size()) {
        ++at;
      } else if (text[at] == quote) {
        quote = 0;
      } else if (quote == 0 && (text[at] == '"' || text[at] == '\'')) {
        quote = text[at];
      }
    }
    words.push_back({begin, at});
    at = std::min(text.find_first_not_of(kBlanks, at), text.size());
  }
  return words;
}

std::string unquoted(std::string_view word) {
  std::string result(word);
  std::erase_if(result, [](char c) { return c == '"' || c == '\''; });
  return result;
}

// "X-Token: abc", of a header that is not harmless.
std::string mask_header_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::string(kMask);
  if (is_harmless_header(unquoted(line.substr(0, colon)))) return mask_secrets(line);
  return std::string(line.substr(0, colon + 1)) + " " + std::string(kMask);
}

// Goes through the arguments of a command one by one.
class CommandMasker {
 public:
  std::string mask(std::string_view argument) {
    switch (std::exchange(next_, Next::anything)) {
      case Next::secret:
        // The option before may be one that takes no value: then this is an option in its own right.
        if (argument.starts_with('-')) static_cast<void>(mask_option(argument));
        return std::string(kMask);
      case Next::header:
        return mask_header_line(argument);
      case Next::anything:
        break;
    }
    return argument.starts_with('-') ? mask_option(argument) : mask_text(argument);
  }

 private:
  enum class Next { anything, secret, header };

  // The name of a file that holds a secret is none.
  static bool tells_of_secret(std::string_view option) {
    constexpr std::array words{"pass", "pwd", "token", "secret", "key", "auth", "credential", "--data"};
    constexpr std::array short_options{"-p", "-a", "-u", "--user", "-d"};
    if (is_any(option, short_options)) return true;
    const std::string name = lower_case(option);
    return !name.ends_with("file") && !name.ends_with("path") && contains_any(name, words);
  }

  std::string mask_option(std::string_view argument) {
    constexpr std::array header_options{"-H", "--header"};
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    const bool secret = tells_of_secret(name);
    const bool header = is_any(name, header_options);
    if (is_joined(argument)) {
      if (argument[1] == 'H') return "-H" + mask_header_line(argument.substr(2));
      // It may as well be a long option with one dash: -dbpassword SECRET.
      if (secret && equals == std::string_view::npos) next_ = Next::secret;
      return std::string(argument.substr(0, 2)) + std::string(kMask);
    }
    if (equals != std::string_view::npos) {
      const std::string start(argument.substr(0, equals + 1));
      if (secret) return start + std::string(kMask);
      return start + (header ? mask_header_line(argument.substr(equals + 1)) : mask_text(argument.substr(equals + 1)));
    }
    if (secret) next_ = Next::secret;
    if (header) next_ = Next::header;
    return std::string(argument);
  }

  // As mysql and curl take it: -pSECRET, -uUSER:SECRET, -dBODY, -H"X-Auth: SECRET".
  static bool is_joined(std::string_view option) {
    constexpr std::array words{"-pass", "-passwd", "-password", "-passphrase", "-pwd"};
    constexpr std::string_view letters = "pudH";
    return option.size() > 2 && letters.find(option[1]) != std::string_view::npos &&
           !is_any(lower_case(option.substr(0, option.find('='))), words);
  }

  static std::string mask_text(std::string_view text) {
    const auto words = words_of(text);
    const bool quoted =
        words.size() == 1 && text.size() > 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
    if (quoted) return text[0] + mask_text(text.substr(1, text.size() - 2)) + text[0];
    if (words.size() <= 1) return text.find("://") == std::string_view::npos ? mask_secrets(text) : mask_url(text);
    CommandMasker shell;
    std::string result;
    std::size_t done = 0;
    for (const auto& word : words) {
      result += text.substr(done, word.begin - done);
      result += shell.mask(text.substr(word.begin, word.end - word.begin));
      done = word.end;
    }
    return mask_assignments(result + std::string(text.substr(done)));
  }

  Next next_ = Next::anything;
};

// What of an HAProxy line is secret from its words on: the number of the first such word, and whether only that one.
struct SecretWords {
  std::size_t first;
  bool all_others;
};

SecretWords secret_words_of(const std::vector<std::string>& words) {
  constexpr std::array password_words{"password", "insecure-password", "dynamic-cookie-key"};
  constexpr std::array environment_words{"setenv", "presetenv"};
  constexpr std::array header_words{"authorization", "apikey", "token", "secret", "xauth"};
  constexpr std::array converters{"jwt_verify(", "hmac(", "aes_gcm_dec(", "aes_gcm_enc("};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_any(words[i], password_words)) return {i + 1, false};
    if (i == 1 && words[0] == "stats" && words[1] == "auth") return {2, true};
    if (i == 0 && is_any(words[0], environment_words)) return {2, true};
    if (words[i].starts_with("AUTH\\ ")) return {i, true};  // tcp-check send
    if (contains_any(words[i], converters)) return {i, true};
    if (words[i] == "AUTH" || contains_any(bare(words[i]), header_words)) return {i + 1, true};
  }
  return {words.size(), false};
}

}  // namespace

bool is_secret_key(std::string_view key) {
  constexpr std::array words{"password", "passwd",    "passphrase",    "secret", "token",  "credential",
                             "apikey",   "accesskey", "authorization", "cookie", "private"};
  const std::string name = bare(key);
  if (name.ends_with("file") || name.ends_with("path")) return false;
  return contains_any(name, words);
}

bool is_harmless_header(std::string_view name) {
  constexpr std::array headers{
      "host",         "accept",     "accept-charset", "accept-encoding", "accept-language", "user-agent",
      "content-type", "connection", "cache-control",  "content-length",  "content-encoding"};
  return is_any(lower_case(name), headers);
}

std::string mask_secrets(std::string_view text) {
  return mask_assignments(mask_credentials(text));
}

std::string mask_url(std::string_view text) {
  const auto query = text.find('?');
  if (query == std::string_view::npos) return mask_secrets(text);
  return mask_secrets(text.substr(0, query + 1)) + std::string(kMask);
}

// A password may hold anything: all from the first ':' behind the scheme to the last '@' is masked.
std::string mask_datasource(const std::string& text) {
  const auto scheme = text.find("://");
  const auto colon = text.find(':', scheme == std::string::npos ? 0 : scheme + 3);
  const auto at = text.rfind('@');
  const bool has_password = colon != std::string::npos && at != std::string::npos && colon < at;
  const bool by_template = has_password && text.substr(colon + 1, at - colon - 1) == "{{.Password}}";
  if (!has_password || by_template) return mask_assignments(text);
  return mask_assignments(text.substr(0, colon + 1) + std::string(kMask) + text.substr(at));
}

std::vector<std::string> mask_command(std::vector<std::string> arguments) {
  CommandMasker masker;
  for (auto& argument : arguments) argument = masker.mask(argument);
  return arguments;
}

std::string mask_haproxy_line(std::string_view line) {
  const auto places = words_of(line);
  std::vector<std::string> words;
  for (const auto& place : places) words.push_back(unquoted(line.substr(place.begin, place.end - place.begin)));
  if (words.size() > 1 && words[0] == "command") return mask_command({std::string(line)}).front();  // of a program
  const auto [first, all_others] = secret_words_of(words);
  if (first >= words.size()) return mask_secrets(line);
  std::string result(line.substr(0, places[first].begin));
  result += kMask;
  if (!all_others) result += line.substr(places[first].end);
  return mask_secrets(result);
}

}  // namespace common
