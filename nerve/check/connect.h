// A TCP connection to a backend.
#pragma once

#include <optional>
#include <string>
#include <utility>

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

  // When the host is an IP address.
  std::optional<boost::asio::ip::tcp::endpoint> endpoint() const;
};

// A connection that is being opened, of which the event loop need not know: on this host the whole handshake happens
// within the system call that begins it.
class OpeningConnection {
 public:
  enum class State { opening, open, failed };

  explicit OpeningConnection(const boost::asio::ip::tcp::endpoint& peer);
  ~OpeningConnection();
  OpeningConnection(OpeningConnection&& other) noexcept;
  OpeningConnection& operator=(OpeningConnection&&) = delete;

  State state() const { return state_; }
  // Why it failed, in an operator's words.
  common::Error error() const;
  const boost::asio::ip::tcp::endpoint& peer() const { return peer_; }
  int descriptor() const { return socket_; }
  // The socket is the caller's from now on.
  int release() { return std::exchange(socket_, -1); }

 private:
  boost::asio::ip::tcp::endpoint peer_;
  int socket_ = -1;
  State state_ = State::failed;
  boost::system::error_code error_;
};

// Tries each address of the host in turn. The error is that of the last one.
boost::asio::awaitable<common::Result<boost::asio::ip::tcp::socket>> connect(const ConnectTarget& target,
                                                                             common::Resolver& resolver);

// Waits for this one.
boost::asio::awaitable<common::Result<boost::asio::ip::tcp::socket>> finish(OpeningConnection opening);

}  // namespace nerve
