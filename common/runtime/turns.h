// Lets only so many of a kind go on at the same time; the others wait for their turn, in the order in which they came.
// Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace common {

class Turns {
 private:
  struct State;

 public:
  // For as long as it lives, one place less for the others. It may outlive the Turns.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Turn() { end(); }
    Turn(Turn&& other) noexcept : state_(std::move(other.state_)) {}
    Turn& operator=(Turn&& other) noexcept;

   private:
    void end();

    std::shared_ptr<State> state_;
  };

  // `on_waiting`: somebody has to wait, or need not wait any more; with how many do. It must not call back.
  Turns(boost::asio::io_context& io, std::size_t at_once, std::function<void(std::size_t waiting)> on_waiting);

  // From now on. Who has a turn keeps it.
  void set_at_once(std::size_t at_once);

  // Waits for a place. A caller who is cancelled while he waits gets an empty one.
  boost::asio::awaitable<Turn> take();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace common
