#include "nerve/check/connect.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/registration/validate.h"
#include "common/runtime/resolver.h"

namespace nerve {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string describe_connect_error(const boost::system::error_code& error, const std::string& address) {
  if (error == asio::error::connection_refused) return "connection refused by " + address;
  if (error == asio::error::connection_reset) return "connection reset by " + address;
  if (error == asio::error::timed_out) return "no answer from " + address;
  if (error == asio::error::host_unreachable) return "no route to " + address;
  if (error == asio::error::network_unreachable) return "no network reaches " + address;
  return "cannot connect to " + address + ": " + error.message();
}

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
    last.message = describe_connect_error(error, common::host_port(address.to_string(), target.port));
  }
  co_return last;
}

}  // namespace nerve
