#include "common/http/server.h"

#include <chrono>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <type_traits>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "common/http/connection.h"
#include "common/http/socket_file.h"
#include "common/registration/validate.h"
#include "common/runtime/task_group.h"
#include "common/telemetry/log.h"
#include "common/time/min_interval.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using UnixProtocol = asio::local::stream_protocol;

constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kMaxUnreadBytes = 16 * 1024 * 1024;

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

std::string peer_of(const tcp::socket& socket) {
  boost::system::error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  return gone ? "somebody" : host_port(peer.address().to_string(), peer.port());
}
std::string peer_of(UnixProtocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known ? "uid " + std::to_string(peer.uid) : "somebody";
}

// An acceptor and the connections that came through it.
template <class Protocol>
class Listener : public std::enable_shared_from_this<Listener<Protocol>> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<const Routes> routes, ServerOptions options)
      : acceptor_(io),
        tasks_(io),
        context_(
            std::make_shared<ConnectionContext>(ConnectionContext{.routes = std::move(routes),
                                                                  .options = std::move(options),
                                                                  .places = Places(kMaxConnections, kMaxUnreadBytes),
                                                                  .ask_for_host = std::is_same_v<Protocol, tcp>})) {}

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
      if (!error) {
        self->welcome(std::move(socket));
        continue;
      }
      if (error == asio::error::operation_aborted) co_return;
      if (const auto now = MinInterval::Clock::now(); told.earliest(now) <= now) {
        log::warn("admin API cannot accept a connection: {}", error.message());
        told.acted(now);
      }
      pause.expires_after(std::chrono::milliseconds(100));  // out of descriptors, most likely
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  void welcome(typename Protocol::socket socket) {
    auto peer = peer_of(socket);
    // Those that were told to make room end one turn of the loop later; a flood must not outrun them.
    const bool crowded = tasks_.size() > 2 * kMaxConnections;
    if (crowded || !context_->places.make_room()) {
      if (context_->options.on_refused) context_->options.on_refused(Refusal::full, peer);
      return;  // which closes it
    }
    watch_for_death(socket);
    tasks_.spawn("admin API connection", serve(std::move(socket), std::move(peer), context_));
  }

  typename Protocol::acceptor acceptor_;
  TaskGroup tasks_;
  const std::shared_ptr<ConnectionContext> context_;
};

}  // namespace

class Server::Core {
 public:
  Core(asio::io_context& io, Routes routes, const ServerOptions& options)
      : routes_(std::make_shared<const Routes>(std::move(routes))),
        tcp_(std::make_shared<Listener<tcp>>(io, routes_, options)),
        unix_(std::make_shared<Listener<UnixProtocol>>(io, routes_, options)) {}
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
                                               Routes routes, ServerOptions options) {
  auto core = std::make_unique<Core>(io, std::move(routes), options);
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
