#include "nerve/check/tcp_check.h"

#include "common/registration/validate.h"

namespace nerve {

TcpCheck::TcpCheck(const CheckConfig& config, common::Resolver& resolver)
    : target_{config.host, config.port, config.prefer_ipv4}, resolver_(resolver) {}

boost::asio::awaitable<Answer> TcpCheck::run() {
  const auto socket = co_await connect(target_, resolver_);
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
