// Does a piece of work soon after it was asked for: at once after a calm, gathered in a burst, and again after a pause
// that grows while it fails. Owned by a router; loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <random>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/time/backoff.h"
#include "common/time/coalescer.h"

namespace synapse {

class Paced {
 public:
  // `max_wait`: the longest that it waits in a burst. `work` is true when it is done, false when it has to be tried
  // again.
  Paced(boost::asio::io_context& io, std::chrono::milliseconds max_wait,
        std::function<boost::asio::awaitable<bool>()> work);

  // From now on.
  void set_max_wait(std::chrono::milliseconds max_wait) { changes_ = common::Coalescer(max_wait); }

  // There is something to do.
  void changed();

  // Until cancelled.
  boost::asio::awaitable<void> run();

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<Clock::time_point> due() const;

  std::function<boost::asio::awaitable<bool>()> work_;
  common::Coalescer changes_;
  common::Backoff retry_{{std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)}};
  std::optional<Clock::time_point> again_;  // it failed
  std::mt19937 random_;
  boost::asio::steady_timer wake_;
  bool woken_ = false;
};

}  // namespace synapse
