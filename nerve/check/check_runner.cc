#include "nerve/check/check_runner.h"

#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/runtime/deadline.h"
#include "nerve/check/schedule.h"

namespace nerve {
namespace {

namespace asio = boost::asio;

// For a check that keeps its own time and fails to.
constexpr std::chrono::milliseconds kGrace{500};

}  // namespace

CheckRunner::CheckRunner(std::unique_ptr<Check> check, std::chrono::milliseconds interval,
                         std::chrono::milliseconds timeout, OnAnswer on_answer)
    : check_(std::move(check)), interval_(interval), timeout_(timeout), on_answer_(std::move(on_answer)) {}

asio::awaitable<void> CheckRunner::run(Duration first_delay) {
  using Clock = std::chrono::steady_clock;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto scheduled = Clock::now() + first_delay;
  for (;;) {
    timer.expires_at(scheduled);
    co_await timer.async_wait(asio::use_awaitable);
    const auto started = Clock::now();
    const Answer answer = co_await ask();
    // What came of a check that was cancelled with us is no answer.
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
    const auto ended = Clock::now();
    on_answer_(answer, ended - started);
    scheduled = next_start(scheduled, ended, interval_);
  }
}

asio::awaitable<Answer> CheckRunner::ask() {
  const auto limit = check_->keeps_time() ? timeout_ + kGrace : timeout_;
  auto answer = co_await common::with_deadline(check_->run(), limit);
  if (answer) co_return *std::move(answer);
  co_return Answer{false, "no answer from " + check_->target() + " within " + std::to_string(timeout_.count()) + " ms"};
}

}  // namespace nerve
