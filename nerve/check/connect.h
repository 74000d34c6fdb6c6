// A TCP connection to a backend, and why there is none, in an operator's words.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

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

// "connection refused by 127.0.0.1:8080"
[[nodiscard]] std::string describe_connect_error(const boost::system::error_code& error, const std::string& address);

}  // namespace nerve
