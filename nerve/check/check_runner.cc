#include "nerve/check/check_runner.h"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/runtime/deadline.h"
#include "common/runtime/turns.h"
#include "nerve/check/schedule.h"

namespace nerve {
namespace {

namespace asio = boost::asio;

// For a check that keeps its own time and fails to.
constexpr std::chrono::milliseconds kGrace{500};
constexpr std::chrono::seconds kStalledAfter{5};

}  // namespace

CheckRunner::CheckRunner(std::unique_ptr<Check> check, const CheckConfig& config, OnAnswer on_answer)
    : check_(std::move(check)),
      interval_(config.interval),
      fast_interval_(config.fast_interval),
      timeout_(config.timeout),
      on_answer_(std::move(on_answer)) {}

asio::awaitable<void> CheckRunner::run(Duration first_delay, Duration grid) {
  using Clock = std::chrono::steady_clock;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Schedule schedule(interval_, fast_interval_, Clock::now() + first_delay, grid);
  for (;;) {
    const auto due = std::max(schedule.due(), Clock::now());
    state_ = State::waiting;
    since_ = due;
    timer.expires_at(due);
    co_await timer.async_wait(asio::use_awaitable);
    common::Turns::Turn turn;
    if (auto* const turns = check_->turns()) {
      state_ = State::queued;
      auto taken = co_await turns->take();
      turn = std::move(taken);
    }
    // Cancelled while it waited: the next co_await ends the coroutine.
    const auto started = Clock::now();
    state_ = State::running;
    since_ = started;
    const Answer answer = co_await ask();
    turn = {};
    // What came of a check that was cancelled with us is no answer.
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
    const auto ended = Clock::now();
    const bool undecided = on_answer_(answer, {ended - started, started - due});
    schedule.ran(started, ended, undecided);
  }
}

std::optional<std::string> CheckRunner::stalled(TimePoint now) const {
  if (state_ == State::not_started || state_ == State::queued || now - since_ <= interval_ + timeout_ + kStalledAfter)
    return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
  return (state_ == State::running ? "has been running for " : "has been due for ") + std::to_string(seconds) + " s";
}

asio::awaitable<Answer> CheckRunner::ask() {
  if (auto answer = check_->begin()) co_return *std::move(answer);
  const auto limit = check_->keeps_time() ? timeout_ + kGrace : timeout_;
  auto answer = co_await common::with_deadline(check_->run(), limit);
  if (answer) co_return *std::move(answer);
  co_return Answer{false, "no answer from " + check_->target() + " within " + std::to_string(timeout_.count()) + " ms"};
}

}  // namespace nerve
