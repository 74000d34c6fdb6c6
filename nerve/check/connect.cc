#include "nerve/check/connect.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/connect_error.h"
#include "common/registration/validate.h"
#include "common/runtime/resolver.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

common::Error connect_error(const error_code& error, const tcp::endpoint& peer) {
  return common::fail(
      common::describe_connect_error(error, common::host_port(peer.address().to_string(), peer.port())));
}

}  // namespace

std::optional<tcp::endpoint> ConnectTarget::endpoint() const {
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (not_an_address) return std::nullopt;
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

OpeningConnection::OpeningConnection(const tcp::endpoint& peer)
    : peer_(peer),
      socket_(::socket(peer.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)) {
  const auto size = static_cast<socklen_t>(peer_.size());
  int failed = socket_ < 0 ? -1 : ::connect(socket_, peer_.data(), size);
  if (socket_ >= 0 && failed != 0 && errno == EINPROGRESS) {
    // The first call never tells how it went; the second does.
    failed = ::connect(socket_, peer_.data(), size);
  }
  if (failed == 0) {
    state_ = State::open;
  } else if (errno == EALREADY || errno == EINPROGRESS) {
    state_ = State::opening;
  } else {
    error_ = error_code(errno, boost::system::system_category());
  }
}

OpeningConnection::~OpeningConnection() {
  if (socket_ >= 0) ::close(socket_);
}

OpeningConnection::OpeningConnection(OpeningConnection&& other) noexcept
    : peer_(other.peer_), socket_(other.release()), state_(other.state_), error_(other.error_) {}

common::Error OpeningConnection::error() const {
  return connect_error(error_, peer_);
}

asio::awaitable<common::Result<tcp::socket>> finish(OpeningConnection opening) {
  if (opening.state() == OpeningConnection::State::failed) co_return opening.error();
  tcp::socket socket(co_await asio::this_coro::executor);
  error_code error;
  const int descriptor = opening.release();
  socket.assign(opening.peer().protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    co_return connect_error(error, opening.peer());
  }
  if (opening.state() == OpeningConnection::State::open) co_return socket;
  co_await socket.async_wait(tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    int outcome = 0;
    socklen_t size = sizeof(outcome);
    ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &outcome, &size);
    error = error_code(outcome, boost::system::system_category());
  }
  if (error) co_return connect_error(error, opening.peer());
  co_return socket;
}

asio::awaitable<common::Result<tcp::socket>> connect(const ConnectTarget& target, common::Resolver& resolver) {
  if (const auto endpoint = target.endpoint()) {
    OpeningConnection opening(*endpoint);
    auto connected = co_await finish(std::move(opening));
    co_return connected;
  }
  const auto addresses = co_await resolver.resolve(target.host, target.prefer_ipv4);
  if (!addresses) co_return addresses.error();
  common::Error last;
  for (const auto& address : *addresses) {
    OpeningConnection opening(tcp::endpoint(address, static_cast<std::uint16_t>(target.port)));
    auto connected = co_await finish(std::move(opening));
    if (connected) co_return connected;
    last = connected.error();
  }
  co_return last;
}

}  // namespace nerve
