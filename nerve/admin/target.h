// Where a running nerve listens, and what is asked of it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace nerve {

struct AdminTarget {
  std::string socket;  // path of a unix socket; empty: TCP
  std::string host = "127.0.0.1";
  int port = 3454;

  // "127.0.0.1:3454", "unix:/run/nerve.sock"
  std::string words() const;
  friend bool operator==(const AdminTarget&, const AdminTarget&) = default;
};

// HOST:PORT, HOST, unix:PATH, or a path, which is known by its slash.
[[nodiscard]] common::Result<AdminTarget> parse_admin_target(std::string_view text);

// Every byte that is not unreserved (RFC 3986, section 2.3) as %XX: for one segment of a path.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace nerve
