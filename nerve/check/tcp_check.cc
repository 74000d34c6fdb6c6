#include "nerve/check/tcp_check.h"

#include <utility>

#include "common/registration/validate.h"

namespace nerve {

TcpCheck::TcpCheck(const CheckConfig& config, common::Resolver& resolver)
    : target_{config.host, config.port, config.prefer_ipv4}, endpoint_(target_.endpoint()), resolver_(resolver) {}

std::optional<Answer> TcpCheck::begin() {
  if (!endpoint_) return std::nullopt;
  OpeningConnection opening(*endpoint_);
  switch (opening.state()) {
    case OpeningConnection::State::open:
      return Answer{true, {}};
    case OpeningConnection::State::failed:
      return Answer{false, opening.error().message};
    case OpeningConnection::State::opening:
      break;
  }
  opening_.emplace(std::move(opening));
  return std::nullopt;
}

boost::asio::awaitable<Answer> TcpCheck::run() {
  common::Result<boost::asio::ip::tcp::socket> socket = common::fail("");
  if (opening_) {
    OpeningConnection opening = *std::move(opening_);
    opening_.reset();
    socket = co_await finish(std::move(opening));
  } else {
    socket = co_await connect(target_, resolver_);
  }
  if (!socket) co_return Answer{false, socket.error().message};
  co_return Answer{true, {}};
}

std::string TcpCheck::target() const {
  return common::host_port(target_.host, target_.port);
}

void read_tcp(common::ObjectReader&, CheckConfig& config) {
  config.options = TcpOptions{};
}

std::unique_ptr<Check> make_tcp(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<TcpCheck>(config, context.resolver);
}

}  // namespace nerve
