// A TCP connection to a backend.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/result.h"

namespace common {
class Resolver;
}

namespace nerve {

struct ConnectTarget {
  std::string host;
  int port = 0;
  bool prefer_ipv4 = false;
};

// Tries each address of the host in turn. The error is that of the last one.
boost::asio::awaitable<common::Result<boost::asio::ip::tcp::socket>> connect(const ConnectTarget& target,
                                                                             common::Resolver& resolver);

}  // namespace nerve
