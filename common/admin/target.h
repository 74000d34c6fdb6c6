// Where a running program listens, and what is asked of it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace common {

struct AdminTarget {
  std::string socket;  // path of a unix socket; empty: TCP
  std::string host = "127.0.0.1";
  int port = 0;

  // "127.0.0.1:3454", "unix:/run/nerve.sock"
  std::string words() const;
  friend bool operator==(const AdminTarget&, const AdminTarget&) = default;
};

// HOST:PORT, HOST, unix:PATH, or a path, which is known by its slash.
[[nodiscard]] Result<AdminTarget> parse_admin_target(std::string_view text, int default_port);

// Where the program listens that has these keys in its configuration (apiSocket, apiHost, apiPort). An error when its
// port cannot be known.
[[nodiscard]] Result<AdminTarget> configured_admin_target(const std::string& socket, const std::string& host, int port);

// Every byte that is not unreserved (RFC 3986, section 2.3) as %XX: for one segment of a path.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace common
