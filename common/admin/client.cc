#include "common/admin/client.h"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/connect_error.h"
#include "common/registration/validate.h"
#include "common/runtime/deadline.h"

namespace common {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using UnixProtocol = asio::local::stream_protocol;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{16} * 1024 * 1024;
constexpr std::chrono::seconds kConnectTimeout{5};

// Both leave a connected socket, or say why there is none.
asio::awaitable<std::string> connect_to_socket(std::string path, Socket& connected) {
  UnixProtocol::socket socket(co_await asio::this_coro::executor);
  error_code error;
  try {
    const UnixProtocol::endpoint endpoint(path);
    socket.connect(endpoint, error);  // answered by the kernel at once
  } catch (const boost::system::system_error& too_long) {
    error = too_long.code();
  }
  if (error) co_return describe_connect_error(error, "unix:" + path);
  connected = std::move(socket);
  co_return "";
}

asio::awaitable<std::string> connect_to_host(AdminTarget target, Socket& connected) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  error_code error;
  const std::string port = std::to_string(target.port);
  const auto addresses =
      co_await resolver.async_resolve(target.host, port, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return "cannot find the address of " + target.host + ": " + error.message();
  tcp::socket socket(executor);
  co_await asio::async_connect(socket, addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return describe_connect_error(error, target.words());
  connected = std::move(socket);
  co_return "";
}

asio::awaitable<AdminReply> exchange(Socket& socket, const AdminTarget& target, const AdminRequest& request) {
  bhttp::request<bhttp::empty_body> message(bhttp::string_to_verb(request.method), request.path, 11);
  message.set(bhttp::field::host, target.socket.empty() ? host_port(target.host, target.port) : "localhost");
  message.set(bhttp::field::user_agent, request.program);
  if (!request.token.empty()) message.set(bhttp::field::authorization, "Bearer " + request.token);
  message.keep_alive(false);
  error_code error;
  co_await bhttp::async_write(socket, message, asio::redirect_error(asio::use_awaitable, error));
  bhttp::response_parser<bhttp::string_body> parser;
  parser.body_limit(kMaxBodyBytes);
  beast::flat_buffer buffer;
  if (!error) co_await bhttp::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  AdminReply reply;
  if (error) {
    reply.how = AdminReply::How::unreachable;
    reply.error = target.words() + " did not answer as " + request.program + " does: " + error.message();
  } else {
    reply.status = parser.get().result_int();
    reply.body = std::move(parser.get().body());
  }
  co_return reply;
}

asio::awaitable<AdminReply> ask(AdminTarget target, AdminRequest request) {
  AdminReply reply;
  reply.how = AdminReply::How::unreachable;
  Socket socket(co_await asio::this_coro::executor);
  auto connecting = target.socket.empty() ? connect_to_host(target, socket) : connect_to_socket(target.socket, socket);
  const auto problem = co_await with_deadline(std::move(connecting), kConnectTimeout);
  reply.error = problem.value_or("no answer from " + target.words());
  if (!reply.error.empty()) co_return reply;
  auto exchanging = exchange(socket, target, request);
  if (!request.timeout) co_return co_await std::move(exchanging);
  const auto answered = co_await with_deadline(std::move(exchanging), *request.timeout);
  if (answered) co_return *answered;
  reply.how = AdminReply::How::timed_out;
  reply.error = target.words() + " did not answer within " + std::to_string(request.timeout->count()) + " ms";
  co_return reply;
}

}  // namespace

AdminReply ask_admin(const AdminTarget& target, const AdminRequest& request) {
  asio::io_context io;
  AdminReply reply;
  asio::co_spawn(io, ask(target, request), [&](std::exception_ptr fault, AdminReply got) {
    if (fault) std::rethrow_exception(std::move(fault));
    reply = std::move(got);
  });
  io.run();
  return reply;
}

}  // namespace common
