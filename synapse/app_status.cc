// The part of App that tells how things stand.
#include <chrono>
#include <iterator>
#include <utility>

#include "synapse/app.h"

namespace synapse {

std::vector<ServiceStatus> App::status(const std::string& service) const {
  std::vector<ServiceStatus> statuses;
  for (const auto& unit : units_) {
    auto more = unit->status(service);
    std::move(more.begin(), more.end(), std::back_inserter(statuses));
  }
  return statuses;
}

std::vector<MissingService> App::missing() const {
  std::vector<MissingService> missing;
  for (const auto& unit : units_) {
    auto more = unit->missing();
    std::move(more.begin(), more.end(), std::back_inserter(missing));
  }
  return missing;
}

Health App::health() const {
  const auto now = std::chrono::steady_clock::now();
  const auto loop = loop_->look(now);
  const auto ms = [](auto duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  Health health{.problems = {}, .loop_late_ms = ms(loop.lateness), .loop_worst_late_ms = ms(loop.worst_lateness)};
  if (!loop.problem.empty()) health.problems.push_back(loop.problem);
  for (const auto& unit : units_) {
    auto problem = unit->stalled(now);
    if (!problem.empty()) health.problems.push_back(std::move(problem));
  }
  return health;
}

std::string App::metrics_text() {
  std::size_t watches = 0;
  for (const auto& unit : units_) {
    unit->tell_ages();
    watches += unit->watches();
  }
  events_.watches_held(watches);
  return metrics_.text();
}

}  // namespace synapse
