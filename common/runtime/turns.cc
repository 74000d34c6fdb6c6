#include "common/runtime/turns.h"

#include <list>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace common {

namespace asio = boost::asio;

struct Turns::State {
  struct Waiter {
    asio::steady_timer called;
    bool has_turn = false;
  };

  void admit() {
    while (taken < at_once && !waiting.empty()) {
      auto& next = *waiting.front();
      waiting.pop_front();
      ++taken;
      next.has_turn = true;
      next.called.cancel();
      on_waiting(waiting.size());
    }
  }

  void give_back() {
    --taken;
    admit();
  }

  asio::io_context& io;
  std::size_t at_once;
  std::function<void(std::size_t)> on_waiting;
  std::size_t taken = 0;
  std::list<Waiter*> waiting;
};

Turns::Turn& Turns::Turn::operator=(Turn&& other) noexcept {
  if (this != &other) {
    end();
    state_ = std::move(other.state_);
  }
  return *this;
}

void Turns::Turn::end() {
  if (const auto state = std::exchange(state_, nullptr)) state->give_back();
}

Turns::Turns(asio::io_context& io, std::size_t at_once, std::function<void(std::size_t)> on_waiting)
    : state_(std::make_shared<State>(State{io, at_once, std::move(on_waiting), 0, {}})) {}

void Turns::set_at_once(std::size_t at_once) {
  state_->at_once = at_once;
  state_->admit();
}

asio::awaitable<Turns::Turn> Turns::take() {
  const auto state = state_;
  if (state->taken < state->at_once) {
    ++state->taken;
    co_return Turn(state);
  }
  // Leaves the queue also when the coroutine is destroyed where it waits.
  struct Place {
    explicit Place(std::shared_ptr<State> of)
        : state(std::move(of)), waiter{asio::steady_timer(state->io, asio::steady_timer::time_point::max())} {
      state->waiting.push_back(&waiter);
      state->on_waiting(state->waiting.size());
    }
    ~Place() {
      if (waiter.has_turn) return;
      state->waiting.remove(&waiter);
      state->on_waiting(state->waiting.size());
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    std::shared_ptr<State> state;
    State::Waiter waiter;
  } place(state);
  boost::system::error_code ignored;
  co_await place.waiter.called.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (place.waiter.has_turn) co_return Turn(state);
  co_return Turn();
}

}  // namespace common
