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

#include "common/lower_case.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr std::uint32_t kMaxHeaderBytes = 8 * 1024;
constexpr std::uint64_t kMaxBodyBytes = 64 * 1024;
constexpr std::size_t kChunkBytes = 4096;
constexpr std::chrono::seconds kReceiveTimeout{30};
constexpr std::chrono::seconds kAnswerTimeout{30};
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

// One connection's life, one request after the other.
class Connection {
 public:
  Connection(asio::generic::stream_protocol::socket socket, std::string peer,
             std::shared_ptr<ConnectionContext> context)
      : stream_(std::move(socket)),
        peer_(std::move(peer)),
        context_(std::move(context)),
        place_(context_->places.take([this] { make_room(); })) {}
  ~Connection() { context_->places.leave(place_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run() {
    for (bool more = true; more;) {
      more = co_await exchange();
    }
    if (!place_->displaced) co_await linger(stream_);
  }

 private:
  void make_room() {
    refused(Refusal::displaced);
    stream_.close();
  }

  void refused(Refusal why) const {
    if (context_->options.on_refused) context_->options.on_refused(why, peer_);
  }

  // A request and its answer. False: it was the last one.
  asio::awaitable<bool> exchange() {
    boost::system::error_code error;
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    context_->places.enter(place_, Places::State::receiving);
    stream_.expires_after(kReceiveTimeout);  // for all of it, however often something comes
    co_await bhttp::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    // A client that was silent has done nothing wrong.
    if (error == beast::error::timeout && parser.got_some()) refused(Refusal::slow);
    if (is_end(error) || place_->displaced) co_return false;
    const auto& message = parser.get();
    bool keep_alive = !error && message.keep_alive();
    const auto answer = std::make_shared<Answer>(stream_.get_executor());
    if (error) {
      answer->response = refuse(status_of(error), error.message());
    } else if (auto refusal = dispatch(message, answer)) {
      answer->response = std::move(refusal);
      keep_alive = false;
    }
    const bool somebody_waits = co_await answered(stream_, buffer_, *answer);
    if (!somebody_waits || place_->displaced) co_return false;
    const bool head = message.method() == bhttp::verb::head;
    auto reply = to_beast(std::move(*answer->response), message.version(), keep_alive, head);
    context_->places.enter(place_, Places::State::answering, reply.body().size());
    stream_.expires_after(kAnswerTimeout);
    co_await bhttp::async_write(stream_, reply, asio::redirect_error(asio::use_awaitable, error));
    if (error == beast::error::timeout) refused(Refusal::slow);
    co_return !error && keep_alive;
  }

  // Has the request answered by its handler, now or later; an answer means that it is not.
  std::optional<Response> dispatch(const bhttp::request<bhttp::string_body>& message,
                                   const std::shared_ptr<Answer>& answer) {
    Request request;
    if (message.count(bhttp::field::host) != 1 && (message.version() > 10 || message.count(bhttp::field::host) > 1)) {
      return refuse(400, "there must be one Host");  // RFC 9112, section 3.2
    }
    if (!from_beast(message, request)) return refuse(400, "malformed request target");
    request.peer = peer_;
    if (context_->ask_for_host && context_->options.why_foreign) {
      if (const auto why = context_->options.why_foreign(request)) {
        refused(Refusal::foreign);
        return error_response(403, *why);
      }
    }
    context_->places.enter(place_, Places::State::working);
    stream_.expires_never();
    context_->routes->dispatch(request, [answer](Response response) {
      answer->response = std::move(response);
      answer->arrived.cancel();
    });
    return std::nullopt;
  }

  Response refuse(int status, std::string_view why) const {
    refused(status == 400 ? Refusal::malformed : Refusal::too_large);
    return error_response(status, why);
  }

  Stream stream_;
  const std::string peer_;
  const std::shared_ptr<ConnectionContext> context_;
  const Places::Place place_;
  beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
};

}  // namespace

asio::awaitable<void> serve(asio::generic::stream_protocol::socket socket, std::string peer,
                            std::shared_ptr<ConnectionContext> context) {
  Connection connection(std::move(socket), std::move(peer), std::move(context));
  co_await connection.run();
}

}  // namespace common::http
