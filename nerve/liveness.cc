#include "nerve/liveness.h"

#include <utility>

#include <fmt/core.h>

namespace nerve {
namespace {

constexpr std::chrono::seconds kMostLate{5};
constexpr std::size_t kMostProblems = 20;

}  // namespace

Liveness::Liveness(boost::asio::io_context& io, const Services& services)
    : services_(services), heartbeat_(Clock::now()), next_beat_(io, [this] { beat(); }) {
  next_beat_.set(heartbeat_.due());
}

void Liveness::beat() {
  heartbeat_.beat(Clock::now());
  next_beat_.set(heartbeat_.due());
}

Liveness::Findings Liveness::look(Clock::time_point now) const {
  Findings findings{.lateness = heartbeat_.lateness(now), .worst_lateness = heartbeat_.worst_lateness(now)};
  if (findings.worst_lateness > kMostLate) {
    findings.problems.push_back(fmt::format("the event loop was held up for {:.1f} s in the last {} s",
                                            std::chrono::duration<double>(findings.worst_lateness).count(),
                                            common::Heartbeat::kMemory.count()));
  }
  for (const auto& service : services_) {
    findings.checks += service->check_count();
    for (auto& problem : service->stalled_checks(now)) {
      if (findings.problems.size() < kMostProblems) findings.problems.push_back(std::move(problem));
    }
  }
  return findings;
}

}  // namespace nerve
