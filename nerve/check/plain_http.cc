#include "nerve/check/plain_http.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/connect_error.h"
#include "common/registration/validate.h"
#include "common/runtime/deadline.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;
using Parser = bhttp::response_parser<bhttp::buffer_body>;

constexpr std::size_t kMaxHeader = std::size_t{64} * 1024;
constexpr int kMaxInterimAnswers = 8;

asio::awaitable<common::Result<Socket>> connect_any(const PlainRequest& request, common::Resolver& resolver) {
  if (request.unix_socket.empty()) {
    auto connected = co_await connect(request.at, resolver);
    if (!connected) co_return connected.error();
    co_return Socket(*std::move(connected));
  }
  asio::local::stream_protocol::socket local(co_await asio::this_coro::executor);
  const asio::local::stream_protocol::endpoint endpoint(request.unix_socket);
  boost::system::error_code error;
  co_await local.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return common::fail(common::describe_connect_error(error, request.unix_socket));
  co_return Socket(std::move(local));
}

bhttp::request<bhttp::string_body> message_for(const PlainRequest& request) {
  bhttp::request<bhttp::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.path);
  message.set(bhttp::field::host, common::host_port(request.at.host, request.at.port));
  message.set(bhttp::field::user_agent, "nerve");
  message.set(bhttp::field::accept, "*/*");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.keep_alive(false);
  message.body() = request.body;
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || expects_body) message.content_length(request.body.size());
  return message;
}

// Until the answer ends, enough is there, or the server breaks off: the verdict is about what has come.
asio::awaitable<bool> read_body(Socket& socket, beast::flat_buffer& buffer, Parser& parser, std::string& body) {
  std::array<char, 4096> chunk;
  boost::system::error_code error;
  while (!parser.is_done() && body.size() < kMaxHttpBody) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    co_await bhttp::async_read_some(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    body.append(chunk.data(), chunk.size() - parser.get().body().size);
    if (error && error != bhttp::error::need_buffer) break;
  }
  if (body.size() > kMaxHttpBody) body.resize(kMaxHttpBody);
  co_return true;
}

}  // namespace

asio::awaitable<common::Result<PlainAnswer>> exchange_plain_http(PlainRequest request, common::Resolver& resolver) {
  auto socket = co_await connect_any(request, resolver);
  if (!socket) co_return socket.error();

  const auto message = message_for(request);
  boost::system::error_code error;
  co_await bhttp::async_write(*socket, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return common::fail("cannot send the request to " + request.target + ": " + error.message());

  beast::flat_buffer buffer(kMaxHeader);
  std::optional<Parser> parser;
  int interim = 0;
  do {
    parser.emplace();
    parser->header_limit(kMaxHeader);
    parser->body_limit(boost::none);
    if (request.method == "HEAD") parser->skip(true);
    co_await bhttp::async_read_header(*socket, buffer, *parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == bhttp::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset) {
      co_return common::fail(request.target + " closed the connection without an answer");
    }
    if (error) co_return common::fail("the answer of " + request.target + " is not HTTP: " + error.message());
  } while (parser->get().result_int() / 100 == 1 && ++interim < kMaxInterimAnswers);

  PlainAnswer answer;
  answer.status = static_cast<int>(parser->get().result_int());
  auto reading = read_body(*socket, buffer, *parser, answer.body);
  if (request.body_may_take.count() > 0) {
    co_await common::with_deadline(std::move(reading), request.body_may_take);
  } else {
    co_await std::move(reading);
  }
  co_return answer;
}

}  // namespace nerve
