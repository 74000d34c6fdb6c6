#include "nerve/check/connect.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/connect_error.h"
#include "common/registration/validate.h"
#include "common/runtime/resolver.h"

namespace nerve {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<common::Result<tcp::socket>> connect(const ConnectTarget& target, common::Resolver& resolver) {
  const auto addresses = co_await resolver.resolve(target.host, target.prefer_ipv4);
  if (!addresses) co_return addresses.error();
  const auto executor = co_await asio::this_coro::executor;
  common::Error last;
  for (const auto& address : *addresses) {
    tcp::socket socket(executor);
    boost::system::error_code error;
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(target.port));
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return socket;
    last.message = common::describe_connect_error(error, common::host_port(address.to_string(), target.port));
  }
  co_return last;
}

}  // namespace nerve
