#include "common/runtime/loop_watch.h"

#include <fmt/core.h>

namespace common {
namespace {

constexpr std::chrono::seconds kMostLate{5};

}  // namespace

LoopWatch::LoopWatch(boost::asio::io_context& io) : heartbeat_(Clock::now()), next_beat_(io, [this] { beat(); }) {
  next_beat_.set(heartbeat_.due());
}

void LoopWatch::beat() {
  heartbeat_.beat(Clock::now());
  next_beat_.set(heartbeat_.due());
}

LoopWatch::Findings LoopWatch::look(Clock::time_point now) const {
  Findings findings{
      .problem = "", .lateness = heartbeat_.lateness(now), .worst_lateness = heartbeat_.worst_lateness(now)};
  if (findings.worst_lateness > kMostLate) {
    findings.problem =
        fmt::format("the event loop was held up for {:.1f} s in the last {} s",
                    std::chrono::duration<double>(findings.worst_lateness).count(), Heartbeat::kMemory.count());
  }
  return findings;
}

}  // namespace common
