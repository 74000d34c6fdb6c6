#include "nerve/liveness.h"

#include <utility>

#include "common/limits/limits.h"

namespace nerve {
namespace {

constexpr std::size_t kMostProblems = 20;

}  // namespace

Liveness::Liveness(boost::asio::io_context& io, const Services& services) : services_(services), loop_(io) {}

Liveness::Findings Liveness::look(Clock::time_point now) const {
  Findings findings;
  findings.loop = loop_.look(now);
  if (!findings.loop.problem.empty()) findings.problems.push_back(findings.loop.problem);
  for (const auto& service : services_) {
    findings.checks += service->check_count();
    for (auto& problem : service->stalled_checks(now)) {
      if (findings.problems.size() < kMostProblems) {
        findings.problems.push_back(std::move(problem));
      } else {
        common::limit_hit(common::Limit::told_troubles);
      }
    }
  }
  return findings;
}

}  // namespace nerve
