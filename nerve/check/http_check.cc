#include "nerve/check/http_check.h"

#include <algorithm>
#include <array>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "common/runtime/deadline.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t kMaxAnswerBytes = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kBodyMayTake{100};

// A server that is left in the middle of its answer logs an error; a server that never ends it must not fail the check,
// whose verdict is known by now.
asio::awaitable<bool> read_rest(tcp::socket& socket, std::size_t already) {
  std::array<char, 4096> chunk;
  boost::system::error_code error;
  while (!error && already < kMaxAnswerBytes) {
    already += co_await socket.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
  }
  co_return true;
}

}  // namespace

HttpCheck::HttpCheck(const CheckConfig& config, common::Resolver& resolver)
    : target_{config.host, config.port, config.prefer_ipv4},
      path_(std::get<HttpOptions>(config.options).path),
      body_limit_(std::min(kBodyMayTake, config.timeout / 10)),
      resolver_(resolver) {}

asio::awaitable<Answer> HttpCheck::run() {
  auto socket = co_await connect(target_, resolver_);
  if (!socket) co_return Answer{false, socket.error().message};

  bhttp::request<bhttp::empty_body> request(bhttp::verb::get, path_, 11);
  request.set(bhttp::field::host, common::host_port(target_.host, target_.port));
  request.set(bhttp::field::user_agent, "nerve");
  request.set(bhttp::field::accept, "*/*");
  request.keep_alive(false);
  boost::system::error_code error;
  co_await bhttp::async_write(*socket, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Answer{false, "cannot send the request to " + target() + ": " + error.message()};

  bhttp::response_parser<bhttp::empty_body> answer;
  answer.header_limit(kMaxAnswerBytes);
  answer.skip(true);
  beast::flat_buffer buffer(kMaxAnswerBytes);
  co_await bhttp::async_read_header(*socket, buffer, answer, asio::redirect_error(asio::use_awaitable, error));
  if (error == bhttp::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset) {
    co_return Answer{false, target() + " closed the connection without an answer"};
  }
  if (error) co_return Answer{false, "the answer of " + target() + " is not HTTP: " + error.message()};
  co_await common::with_deadline(read_rest(*socket, buffer.size()), body_limit_);
  const unsigned status = answer.get().result_int();
  if (status / 100 == 5) co_return Answer{false, "HTTP " + std::to_string(status) + " from " + target()};
  co_return Answer{true, {}};
}

std::string HttpCheck::target() const {
  return "http://" + common::host_port(target_.host, target_.port) + path_;
}

void read_http(common::ObjectReader& object, CheckConfig& config) {
  HttpOptions options;
  options.path = object.text("path", options.path);
  const auto forbidden = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '#'; };
  if (std::any_of(options.path.begin(), options.path.end(), forbidden)) {
    object.error("path", "must not contain a space, a '#' or a control character; write it percent-encoded");
  }
  if (!options.path.starts_with('/')) options.path.insert(0, "/");
  config.options = std::move(options);
}

std::unique_ptr<Check> make_http(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<HttpCheck>(config, context.resolver);
}

}  // namespace nerve
