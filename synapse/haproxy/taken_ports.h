// Whether HAProxy could bind what a configuration asks for. While it tries that in vain, for some seconds, it keeps the
// workers that it shall replace from accepting anything, on all of their ports (2.6 does): so it is better not asked
// to. Makes a few system calls; none of them waits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synapse::haproxy {

// A TCP port of a `bind` line.
struct BindPlace {
  std::string proxy;    // the name of its section
  std::string address;  // IPv4 or IPv6
  int port = 0;
  bool v6only = false;

  friend bool operator==(const BindPlace&, const BindPlace&) = default;
};

// Those that can be judged from outside: no sockets, names, ranges, variables, or addresses that HAProxy binds in a way
// of its own (`interface`, `namespace`, `transparent`); none of a section that is `disabled`, and none at all where
// conditions (`.if`), `defaults` or `noreuseport` decide what is bound and how.
[[nodiscard]] std::vector<BindPlace> bind_places(std::string_view configuration);

// The first place where a program that is not this user's HAProxy listens, in the words that HAProxy has for it;
// nothing: HAProxy may try. What this user may not bind is not judged: HAProxy may have more rights.
[[nodiscard]] std::optional<std::string> why_not_bound(std::string_view configuration);

}  // namespace synapse::haproxy
