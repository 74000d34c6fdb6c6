#include "common/http/connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace common::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr std::uint32_t kMaxHeaderBytes = 8 * 1024;
constexpr std::uint64_t kMaxBodyBytes = 64 * 1024;
constexpr std::size_t kChunkBytes = 4096;
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

bool is_end(const boost::system::error_code& error) {
  return error == bhttp::error::end_of_stream || error == beast::error::timeout || error == asio::error::eof ||
         error == asio::error::connection_reset || error == asio::error::operation_aborted;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

bool from_beast(const bhttp::request<bhttp::string_body>& message, Request& request) {
  request.method = std::string(message.method_string());
  for (const auto& field : message) {
    std::string& value = request.headers[lower_case(field.name_string())];
    if (!value.empty()) value += ", ";
    value += field.value();
  }
  return parse_target(message.target(), request);
}

bhttp::response<bhttp::string_body> to_beast(Response response, unsigned version, bool keep_alive, bool head) {
  bhttp::response<bhttp::string_body> message(static_cast<bhttp::status>(response.status), version);
  message.set(bhttp::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  message.content_length(response.body.size());
  if (!head) message.body() = std::move(response.body);
  return message;
}

// Waits for the answer; false when the client closed its connection first, so that those who give up while a service is
// draining do not occupy all connections. What it sends meanwhile is kept for the next request.
asio::awaitable<bool> answered(Stream& stream, beast::flat_buffer& buffer, Answer& answer) {
  while (!answer.response) {
    const std::size_t room = std::min(kChunkBytes, buffer.max_size() - buffer.size());
    if (room == 0) {
      boost::system::error_code ignored;
      co_await answer.arrived.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    auto group =
        asio::experimental::make_parallel_group(stream.socket().async_read_some(buffer.prepare(room), asio::deferred),
                                                answer.arrived.async_wait(asio::deferred));
    const auto [order, error, bytes, ignored] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    buffer.commit(bytes);
    if (error && order[0] == 0 && !answer.response) co_return false;
  }
  co_return true;
}

// Closing with unread bytes resets the connection, and the client may never see the answer: read what is on its way.
asio::awaitable<void> linger(Stream& stream) {
  boost::system::error_code error;
  stream.socket().shutdown(asio::socket_base::shutdown_send, error);
  stream.expires_after(kLingerTimeout);
  std::array<char, kChunkBytes> unread;
  for (std::size_t total = 0; !error && total < kMaxBodyBytes;) {
    total += co_await stream.async_read_some(asio::buffer(unread), asio::redirect_error(asio::use_awaitable, error));
  }
}

}  // namespace

asio::awaitable<void> serve(asio::generic::stream_protocol::socket socket, std::shared_ptr<const Routes> routes) {
  Stream stream(std::move(socket));
  beast::flat_buffer buffer(kMaxHeaderBytes + kMaxBodyBytes);
  for (bool keep_alive = true; keep_alive;) {
    boost::system::error_code error;
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    stream.expires_after(kIdleTimeout);
    co_await bhttp::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (is_end(error)) break;
    const auto& message = parser.get();
    keep_alive = !error && message.keep_alive();
    const auto answer = std::make_shared<Answer>(stream.get_executor());
    Request request;
    if (error) {
      answer->response = error_response(status_of(error), error.message());
    } else if (!from_beast(message, request)) {
      answer->response = error_response(400, "malformed request target");
    } else {
      stream.expires_never();
      routes->dispatch(request, [answer](Response response) {
        answer->response = std::move(response);
        answer->arrived.cancel();
      });
      const bool somebody_waits = co_await answered(stream, buffer, *answer);
      if (!somebody_waits) co_return;
    }
    const bool head = message.method() == bhttp::verb::head;
    auto reply = to_beast(std::move(*answer->response), message.version(), keep_alive, head);
    stream.expires_after(kIdleTimeout);
    co_await bhttp::async_write(stream, reply, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  co_await linger(stream);
}

}  // namespace common::http
