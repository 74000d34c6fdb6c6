#include "common/http/server.h"

#include <chrono>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "common/http/connection.h"
#include "common/http/socket_file.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/log.h"
#include "common/time/min_interval.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using UnixProtocol = asio::local::stream_protocol;

constexpr std::size_t kMaxConnections = 64;

// A client whose machine died while it waited for a long drain is noticed within a minute.
void watch_for_death(tcp::socket& socket) {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket.native_handle(), level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}
void watch_for_death(UnixProtocol::socket&) {}

// An acceptor and the connections that came through it.
template <class Protocol>
class Listener : public std::enable_shared_from_this<Listener<Protocol>> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<const Routes> routes)
      : acceptor_(io), tasks_(io), routes_(std::move(routes)) {}

  typename Protocol::acceptor& acceptor() { return acceptor_; }

  void start() { tasks_.spawn("admin API", accept(this->shared_from_this())); }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    tasks_.cancel();
  }

 private:
  static asio::awaitable<void> accept(std::shared_ptr<Listener> self) {
    asio::steady_timer pause(self->acceptor_.get_executor());
    MinInterval told(std::chrono::minutes(1));
    while (self->acceptor_.is_open()) {
      boost::system::error_code error;
      auto socket = co_await self->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error && self->tasks_.size() <= kMaxConnections) {
        watch_for_death(socket);
        self->tasks_.spawn("admin API connection", serve(std::move(socket), self->routes_));
        continue;
      }
      if (!error) continue;  // too many at once: this one is closed
      if (error == asio::error::operation_aborted) co_return;
      if (const auto now = MinInterval::Clock::now(); told.earliest(now) <= now) {
        log::warn("admin API cannot accept a connection: {}", error.message());
        told.acted(now);
      }
      pause.expires_after(std::chrono::milliseconds(100));  // out of descriptors, most likely
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  typename Protocol::acceptor acceptor_;
  TaskGroup tasks_;
  const std::shared_ptr<const Routes> routes_;
};

}  // namespace

class Server::Core {
 public:
  Core(asio::io_context& io, Routes routes)
      : routes_(std::make_shared<const Routes>(std::move(routes))),
        tcp_(std::make_shared<Listener<tcp>>(io, routes_)),
        unix_(std::make_shared<Listener<UnixProtocol>>(io, routes_)) {}
  ~Core() {
    tcp_->stop();
    unix_->stop();
  }

  Result<void> listen(const std::string& address, int port) {
    auto& acceptor = tcp_->acceptor();
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return fail("API address \"" + address + "\" is not an IP address");
    const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      return fail("cannot listen on " + address + ":" + std::to_string(port) + " for the API: " + error.message() +
                  "; set apiHost and apiPort to something free");
    }
    tcp_->start();
    return {};
  }

  Result<void> listen_on_socket(const std::string& path) {
    if (auto listening = socket_file_.listen(unix_->acceptor(), path); !listening) return listening.error();
    unix_->start();
    return {};
  }

  int port() const { return tcp_->acceptor().local_endpoint().port(); }

 private:
  const std::shared_ptr<const Routes> routes_;
  const std::shared_ptr<Listener<tcp>> tcp_;
  const std::shared_ptr<Listener<UnixProtocol>> unix_;
  SocketFile socket_file_;
};

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& io, const std::string& address, int port,
                                               Routes routes) {
  auto core = std::make_unique<Core>(io, std::move(routes));
  if (auto listening = core->listen(address, port); !listening) return listening.error();
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() = default;

Result<void> Server::listen_on_socket(const std::string& path) {
  return core_->listen_on_socket(path);
}

int Server::port() const {
  return core_->port();
}

}  // namespace common::http
