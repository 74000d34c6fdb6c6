// A time limit for a coroutine.
#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace common {

// Runs `operation`; nothing when it did not end within `limit`: it has then been cancelled and has ended. The operation
// must react to cancellation. Its exceptions pass through.
template <class T>
boost::asio::awaitable<std::optional<T>> with_deadline(boost::asio::awaitable<T> operation,
                                                       std::chrono::steady_clock::duration limit) {
  using namespace boost::asio::experimental::awaitable_operators;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, limit);
  auto ended = co_await (std::move(operation) || timer.async_wait(boost::asio::use_awaitable));
  if (ended.index() == 0) co_return std::move(std::get<0>(ended));
  co_return std::nullopt;
}

}  // namespace common
