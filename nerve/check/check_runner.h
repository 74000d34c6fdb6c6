// Runs one check on its schedule, never twice at once, and cancels it at its timeout. Owned by Service, run as one task
// of the service's group. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"

namespace nerve {

class CheckRunner {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Timing {
    Duration latency{};   // from start to answer
    Duration lateness{};  // of the start, after it was due and the run before had ended
  };
  // True: a failure that is not the verdict yet; the next run comes after the fast interval.
  using OnAnswer = std::function<bool(const Answer& answer, const Timing& timing)>;

  CheckRunner(std::unique_ptr<Check> check, const CheckConfig& config, OnAnswer on_answer);

  // Until it is cancelled. The runner must outlive it. `grid`: see Schedule.
  boost::asio::awaitable<void> run(Duration first_delay, Duration grid = Duration(1));

  // What is wrong when the check makes no progress: it has been due, or running, for its interval, its timeout and five
  // seconds more. That is a fault of ours, not of what is checked. One that waits for its turn is none: those before it
  // end, each at its own timeout.
  std::optional<std::string> stalled(TimePoint now) const;

  std::string target() const { return check_->target(); }

 private:
  enum class State { not_started, waiting, queued, running };

  boost::asio::awaitable<Answer> ask();

  std::unique_ptr<Check> check_;
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds fast_interval_;
  std::chrono::milliseconds timeout_;
  OnAnswer on_answer_;
  State state_ = State::not_started;
  TimePoint since_;  // waiting: when it is due; running: when it started
};

}  // namespace nerve
