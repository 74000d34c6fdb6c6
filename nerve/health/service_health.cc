#include "nerve/health/service_health.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace nerve {

ServiceHealth::ServiceHealth(const std::vector<Thresholds>& checks) {
  assert(!checks.empty());
  for (const Thresholds& thresholds : checks) checks_.push_back({RiseFall(thresholds), {}});
}

RiseFall::Change ServiceHealth::add(std::size_t check, bool passed, std::string reason) {
  Entry& entry = checks_.at(check);
  const auto change = entry.rise_fall.add(passed);
  if (change == RiseFall::Change::changed) entry.reason = passed ? std::string() : std::move(reason);
  return change;
}

std::optional<Health> ServiceHealth::health() const {
  const auto undecided = [](const Entry& entry) { return !entry.rise_fall.verdict(); };
  if (std::any_of(checks_.begin(), checks_.end(), undecided)) return std::nullopt;
  Health health{true, {}};
  for (const Entry& entry : checks_) {
    if (*entry.rise_fall.verdict()) continue;
    health.up = false;
    // Two checks of one backend often fail for the same reason: say it once.
    if (health.reason.find(entry.reason) != std::string::npos) continue;
    if (!health.reason.empty()) health.reason += "; ";
    health.reason += entry.reason;
  }
  return health;
}

}  // namespace nerve
