// One point in time at which something is to be done, for owners that are not coroutines. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace common {

class Alarm {
 public:
  using Clock = std::chrono::steady_clock;

  // `on_due` is called on the loop, never from within set(), and not any more once the alarm is gone.
  Alarm(boost::asio::io_context& io, std::function<void()> on_due)
      : state_(std::make_shared<State>(io, std::move(on_due))) {}
  ~Alarm() { clear(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // The latest call counts. A time in the past is due at once.
  void set(Clock::time_point when) {
    state_->timer.expires_at(when);
    // A handler that is on its way already must find out that it is too late.
    state_->timer.async_wait([state = std::weak_ptr(state_), call = ++state_->call](const auto&) {
      const auto alarm = state.lock();
      if (alarm && alarm->call == call) alarm->on_due();
    });
  }

  void clear() {
    ++state_->call;
    state_->timer.cancel();
  }

 private:
  struct State {
    State(boost::asio::io_context& io, std::function<void()> due) : timer(io), on_due(std::move(due)) {}
    boost::asio::steady_timer timer;
    std::function<void()> on_due;
    unsigned call = 0;
  };
  std::shared_ptr<State> state_;
};

}  // namespace common
