#include "common/http/token_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "common/file/write_atomically.h"

namespace common::http {

Result<std::string> read_token_file(const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail("cannot read the API token in " + path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return fail("the API token must stand in a file; " + path + " is none");
  if ((status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    return fail("everybody can read, or others can write, the API token in " + path + "; run: chmod 600 " + path +
                " (of a Kubernetes secret: defaultMode: 0440)");
  }
  const auto text = read_file(path, kMaxBytes);
  if (!text) return fail("cannot read the API token: " + text.error().message);
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
