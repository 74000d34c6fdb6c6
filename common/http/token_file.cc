#include "common/http/token_file.h"

#include <algorithm>

#include "common/file/secret_file.h"

namespace common::http {

Result<std::string> read_token_file(const std::string& path) {
  const auto text = read_secret_file(path, "the API token", kLongestToken, SecretReaders::owner_and_group);
  if (!text) return text.error();
  constexpr auto white = " \t\r\n";
  const auto first = text->find_first_not_of(white);
  if (first == std::string::npos) return fail("the API token file " + path + " is empty");
  std::string token = text->substr(first, text->find_last_not_of(white) - first + 1);
  if (!std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; })) {
    return fail("the API token in " + path + " must be one word of ASCII letters, digits and signs");
  }
  return token;
}

}  // namespace common::http
