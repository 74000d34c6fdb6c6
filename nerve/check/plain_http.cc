#include "nerve/check/plain_http.h"

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/connect_error.h"
#include "common/registration/validate.h"
#include "common/runtime/deadline.h"
#include "nerve/check/http_expectation.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;
using Parser = bhttp::response_parser<bhttp::buffer_body>;

constexpr std::size_t kMaxHeader = std::size_t{64} * 1024;
constexpr int kMaxInterimAnswers = 8;

// Of which the event loop need not know, when the address is known.
std::optional<OpeningConnection> begin_connection(const PlainRequest& request) {
  const auto endpoint = request.unix_socket.empty() ? request.at.endpoint() : std::nullopt;
  return endpoint ? std::optional<OpeningConnection>(*endpoint) : std::nullopt;
}

asio::awaitable<common::Result<Socket>> connect_any(const PlainRequest& request, common::Resolver& resolver,
                                                    std::optional<OpeningConnection> opening) {
  if (opening) {
    auto connected = co_await finish(*std::move(opening));
    if (!connected) co_return connected.error();
    co_return Socket(*std::move(connected));
  }
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

std::string text_of(const PlainRequest& request) {
  bhttp::request<bhttp::empty_body> message;
  message.version(11);
  message.set(bhttp::field::host, common::host_port(request.at.host, request.at.port));
  message.set(bhttp::field::user_agent, "nerve");
  message.set(bhttp::field::accept, "*/*");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.keep_alive(false);
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || expects_body) message.content_length(request.body.size());
  std::string text = request.method + " " + request.path + " HTTP/1.1\r\n";
  for (const auto& field : message) {
    text += std::string(field.name_string()) + ": " + std::string(field.value()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

// Sends what the socket's buffer takes, as a rule all of it; `text` is then the rest.
boost::system::error_code send_now(int descriptor, std::string_view& text) {
  const auto sent = ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  if (sent < 0 && errno != EAGAIN) return {errno, boost::system::system_category()};
  return {};
}

asio::awaitable<boost::system::error_code> send(Socket& socket, std::string_view text) {
  boost::system::error_code error;
  if (!text.empty()) error = send_now(socket.native_handle(), text);
  if (error || text.empty()) co_return error;
  co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

void receive_now(int descriptor, beast::flat_buffer& buffer) {
  constexpr std::size_t kAtOnce = 4096;
  const auto space = buffer.prepare(kAtOnce);
  const auto got = ::recv(descriptor, space.data(), space.size(), MSG_DONTWAIT);
  if (got > 0) buffer.commit(static_cast<std::size_t>(got));
}

void prepare(Parser& parser, const PlainRequest& request) {
  parser.header_limit(kMaxHeader);
  parser.body_limit(boost::none);
  if (request.method == "HEAD") parser.skip(true);
}

// What has come with the header; `received` is then what follows.
std::string begin_of_body(asio::const_buffer& received, Parser& parser) {
  std::string body;
  std::array<char, 4096> chunk;
  boost::system::error_code error;
  while (received.size() > 0 && !parser.is_done() && (!error || error == bhttp::error::need_buffer)) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    received += parser.put(received, error);
    body.append(chunk.data(), chunk.size() - parser.get().body().size);
  }
  return body;
}

// Nothing when there is more to come.
std::optional<PlainAnswer> whole_answer(asio::const_buffer received, const PlainRequest& request) {
  Parser parser;
  prepare(parser, request);
  boost::system::error_code error;
  if (received.size() > 0) received += parser.put(received, error);
  if (error || !parser.is_header_done() || parser.get().result_int() / 100 == 1) return std::nullopt;
  PlainAnswer answer{.status = static_cast<int>(parser.get().result_int()), .body = begin_of_body(received, parser)};
  return parser.is_done() ? std::optional(std::move(answer)) : std::nullopt;
}

// 1 to 2 ms. Those who wait at the same time go on at one waking of the process.
asio::awaitable<void> a_moment() {
  constexpr std::chrono::milliseconds kMoment{1};
  const auto now = std::chrono::steady_clock::now();
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           std::chrono::floor<std::chrono::milliseconds>(now) + 2 * kMoment);
  co_await timer.async_wait(asio::use_awaitable);
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

PlainExchange::PlainExchange(PlainRequest request) : request_(std::move(request)), text_(text_of(request_)) {}

asio::awaitable<common::Result<PlainAnswer>> PlainExchange::run(common::Resolver& resolver) const {
  beast::flat_buffer buffer(kMaxHeader);
  std::string_view unsent = text_;
  auto opening = begin_connection(request_);
  // On this host most have answered after a moment: without the event loop, and together where checks began together.
  if (opening && opening->state() == OpeningConnection::State::open && !send_now(opening->descriptor(), unsent) &&
      unsent.empty()) {
    co_await a_moment();
    receive_now(opening->descriptor(), buffer);
    if (auto answer = whole_answer(buffer.data(), request_)) co_return *std::move(answer);
  }

  auto socket = co_await connect_any(request_, resolver, std::move(opening));
  if (!socket) co_return socket.error();
  auto error = co_await send(*socket, unsent);
  if (error) co_return common::fail("cannot send the request to " + request_.target + ": " + error.message());

  std::optional<Parser> parser;
  int interim = 0;
  do {
    parser.emplace();
    prepare(*parser, request_);
    co_await bhttp::async_read_header(*socket, buffer, *parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == bhttp::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset) {
      co_return common::fail(request_.target + " closed the connection without an answer");
    }
    if (error) co_return common::fail("the answer of " + request_.target + " is not HTTP: " + error.message());
  } while (parser->get().result_int() / 100 == 1 && ++interim < kMaxInterimAnswers);

  PlainAnswer answer;
  answer.status = static_cast<int>(parser->get().result_int());
  asio::const_buffer received = buffer.data();
  answer.body = begin_of_body(received, *parser);
  buffer.consume(buffer.size() - received.size());
  if (parser->is_done() || answer.body.size() >= kMaxHttpBody) co_return answer;
  auto reading = read_body(*socket, buffer, *parser, answer.body);
  if (request_.body_may_take.count() > 0) {
    co_await common::with_deadline(std::move(reading), request_.body_may_take);
  } else {
    co_await std::move(reading);
  }
  co_return answer;
}

}  // namespace nerve
