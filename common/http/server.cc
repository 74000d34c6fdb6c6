#include "common/http/server.h"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "common/runtime/task_group.h"
#include "common/telemetry/log.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t kMaxConnections = 64;
constexpr std::uint32_t kMaxHeaderBytes = 8 * 1024;
constexpr std::uint64_t kMaxBodyBytes = 64 * 1024;
constexpr std::chrono::seconds kIdleTimeout{30};
constexpr std::chrono::seconds kLingerTimeout{1};

// The answer of a handler that may come at once, later, or after the connection is gone.
struct Answer {
  explicit Answer(const asio::any_io_executor& executor) : arrived(executor, asio::steady_timer::time_point::max()) {}
  std::optional<Response> response;
  asio::steady_timer arrived;
};

int status_of(const boost::system::error_code& error) {
  if (error == bhttp::error::header_limit) return 431;
  if (error == bhttp::error::body_limit) return 413;
  return 400;
}

bhttp::response<bhttp::string_body> to_beast(Response response, unsigned version, bool keep_alive, bool head) {
  bhttp::response<bhttp::string_body> message(static_cast<bhttp::status>(response.status), version);
  message.set(bhttp::field::content_type, response.content_type);
  message.keep_alive(keep_alive);
  message.content_length(response.body.size());
  if (!head) message.body() = std::move(response.body);
  return message;
}

}  // namespace

class Server::Core : public std::enable_shared_from_this<Server::Core> {
 public:
  Core(asio::io_context& io, Routes routes) : acceptor_(io), tasks_(io), routes_(std::move(routes)) {}

  Result<void> listen(const std::string& address, int port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return fail("API address \"" + address + "\" is not an IP address");
    const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      return fail("cannot listen on " + address + ":" + std::to_string(port) + " for the API: " + error.message() +
                  "; set apiHost and apiPort to something free");
    }
    tasks_.spawn("admin API", accept(shared_from_this()));
    return {};
  }

  int port() const { return acceptor_.local_endpoint().port(); }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    tasks_.cancel();
  }

 private:
  static asio::awaitable<void> accept(std::shared_ptr<Core> core) {
    asio::steady_timer pause(core->acceptor_.get_executor());
    while (core->acceptor_.is_open()) {
      boost::system::error_code error;
      auto socket = co_await core->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error && core->tasks_.size() <= kMaxConnections) {
        core->tasks_.spawn("admin API connection", serve(core, std::move(socket)));
        continue;
      }
      if (!error) continue;  // too many at once: this one is closed
      if (error == asio::error::operation_aborted) co_return;
      log::warn("admin API cannot accept a connection: {}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));  // out of descriptors, most likely
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<Core> core, tcp::socket socket) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(kMaxHeaderBytes + kMaxBodyBytes);
    for (bool keep_alive = true; keep_alive;) {
      boost::system::error_code error;
      bhttp::request_parser<bhttp::string_body> parser;
      parser.header_limit(kMaxHeaderBytes);
      parser.body_limit(kMaxBodyBytes);
      stream.expires_after(kIdleTimeout);
      co_await bhttp::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error == bhttp::error::end_of_stream || error == beast::error::timeout || error == asio::error::eof ||
          error == asio::error::connection_reset || error == asio::error::operation_aborted) {
        break;
      }
      const auto& request = parser.get();
      keep_alive = !error && request.keep_alive();
      Response response = error ? error_response(status_of(error), error.message()) : Response{};
      if (!error) {
        stream.expires_never();
        response = co_await answer(*core, request.method_string(), request.target());
      }
      auto message =
          to_beast(std::move(response), request.version(), keep_alive, request.method() == bhttp::verb::head);
      stream.expires_after(kIdleTimeout);
      co_await bhttp::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
    co_await linger(stream);
  }

  // Closing with unread bytes resets the connection, and the client may never see the answer: read what is on its way.
  static asio::awaitable<void> linger(beast::tcp_stream& stream) {
    boost::system::error_code error;
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
    stream.expires_after(kLingerTimeout);
    std::array<char, 4096> unread;
    for (std::size_t total = 0; !error && total < kMaxBodyBytes;) {
      total += co_await stream.async_read_some(asio::buffer(unread), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  static asio::awaitable<Response> answer(const Core& core, std::string_view method, std::string_view target) {
    Request request;
    request.method = std::string(method);
    if (!parse_target(target, request)) co_return error_response(400, "malformed request target");
    const auto pending = std::make_shared<Answer>(co_await asio::this_coro::executor);
    core.routes_.dispatch(request, [pending](Response response) {
      pending->response = std::move(response);
      pending->arrived.cancel();
    });
    boost::system::error_code ignored;
    if (!pending->response) co_await pending->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return pending->response ? std::move(*pending->response) : error_response(503, "shutting down");
  }

  tcp::acceptor acceptor_;
  TaskGroup tasks_;
  const Routes routes_;
};

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& io, const std::string& address, int port,
                                               Routes routes) {
  auto core = std::make_shared<Core>(io, std::move(routes));
  if (auto listening = core->listen(address, port); !listening) return listening.error();
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() {
  core_->stop();
}

int Server::port() const {
  return core_->port();
}

}  // namespace common::http
