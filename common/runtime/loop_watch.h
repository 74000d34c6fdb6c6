// Whether something holds up the event loop, for a supervisor that would otherwise start the program again. Loop thread
// only.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "common/time/heartbeat.h"

namespace common {

class LoopWatch {
 public:
  using Clock = std::chrono::steady_clock;

  struct Findings {
    std::string problem;  // empty: there is none
    Clock::duration lateness{};
    Clock::duration worst_lateness{};  // in the last 15 s
  };

  explicit LoopWatch(boost::asio::io_context& io);

  Findings look(Clock::time_point now) const;

 private:
  void beat();

  Heartbeat heartbeat_;
  Alarm next_beat_;
};

}  // namespace common
