// Runs one check at its interval, never twice at once, and cancels it at its timeout. Owned by Service, run as one task
// of the service's group. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "nerve/check/check.h"

namespace nerve {

class CheckRunner {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using OnAnswer = std::function<void(const Answer& answer, Duration latency)>;

  CheckRunner(std::unique_ptr<Check> check, std::chrono::milliseconds interval, std::chrono::milliseconds timeout,
              OnAnswer on_answer);

  // Until it is cancelled. The runner must outlive it.
  boost::asio::awaitable<void> run(Duration first_delay);

 private:
  boost::asio::awaitable<Answer> ask();

  std::unique_ptr<Check> check_;
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds timeout_;
  OnAnswer on_answer_;
};

}  // namespace nerve
