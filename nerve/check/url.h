// The parts of a URL as the datasources of checks use it (RFC 3986, taken generously). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace nerve {

struct HostPort {
  std::string host;         // without brackets; may be empty
  std::optional<int> port;  // 1 to 65535
};
// "host", "host:port", "[host]:port", ":port". The error shows nothing of the text.
[[nodiscard]] common::Result<HostPort> parse_host_port(std::string_view text);

struct Url {
  std::optional<std::string> username;  // decoded, as are all that follow
  std::optional<std::string> password;
  std::string host;
  std::optional<int> port;
  std::string path;                                        // without the first slash
  std::vector<std::pair<std::string, std::string>> query;  // in order
};
// `text`: what comes after "scheme://". The error shows nothing of the text.
[[nodiscard]] common::Result<Url> parse_url_after_scheme(std::string_view text);

// "a=1&b=2", decoded.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);

// A '%' without two hexadecimal digits behind it stands for itself.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace nerve
