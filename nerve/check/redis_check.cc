#include "nerve/check/redis_check.h"

#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "nerve/check/redis_reply.h"

namespace nerve {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxLineBytes = 4096;

// A command as Redis' protocol (RESP) has it: each word with its length, so that a password may hold anything.
std::string command(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return text;
}

}  // namespace

RedisCheck::RedisCheck(const CheckConfig& config, common::Resolver& resolver)
    : target_{config.host, config.port, config.prefer_ipv4}, answers_(0), resolver_(resolver) {
  const auto& options = std::get<RedisOptions>(config.options);
  if (!options.password.empty()) {
    answers_ = 1;
    std::vector<std::string> words{"AUTH"};
    if (!options.username.empty()) words.push_back(options.username);
    words.push_back(options.password);
    request_ = command(words);
  }
  request_ += command({"PING"});
}

asio::awaitable<Answer> RedisCheck::run() {
  auto socket = co_await connect(target_, resolver_);
  if (!socket) co_return Answer{false, socket.error().message};
  boost::system::error_code error;
  co_await asio::async_write(*socket, asio::buffer(request_), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Answer{false, "cannot send to " + target() + ": " + error.message()};

  std::string received;
  for (int answer = 0; answer <= answers_; ++answer) {
    auto buffer = asio::dynamic_buffer(received, kMaxLineBytes);
    const auto size =
        co_await asio::async_read_until(*socket, buffer, "\r\n", asio::redirect_error(asio::use_awaitable, error));
    if (error && received.empty()) {
      co_return Answer{false, target() + " closed the connection without an answer"};
    }
    const std::string_view line = std::string_view(received).substr(0, error ? received.size() : size - 2);
    const std::string_view expected = answer < answers_ ? "+OK" : "+PONG";
    std::string objection = redis_objection(line, !error, expected, target());
    if (!objection.empty()) co_return Answer{false, std::move(objection)};
    received.erase(0, size);
  }
  co_return Answer{true, {}};
}

std::string RedisCheck::target() const {
  return "redis at " + common::host_port(target_.host, target_.port);
}

void read_redis(common::ObjectReader& object, CheckConfig& config) {
  RedisOptions options;
  options.username = object.text("username", options.username);
  options.password = object.text("password", options.password);
  if (!options.username.empty() && options.password.empty()) object.error("username", "needs a password, too");
  config.options = std::move(options);
}

std::unique_ptr<Check> make_redis(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<RedisCheck>(config, context.resolver);
}

}  // namespace nerve
