// Joins the verdicts of a service's checks: up when all of them are, and no statement at all before each has one. Owned
// by Service. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nerve/health/rise_fall.h"

namespace nerve {

struct Health {
  bool up = false;
  std::string reason;  // why not; empty when up

  friend bool operator==(const Health&, const Health&) = default;
};

class ServiceHealth {
 public:
  // At least one check.
  explicit ServiceHealth(const std::vector<Thresholds>& checks);

  // One answer of the check with this index. `reason` says why it failed; what stands at the failure that changed the
  // verdict is kept until the next change.
  RiseFall::Change add(std::size_t check, bool passed, std::string reason);

  // Of one check; nothing before its first verdict.
  std::optional<bool> verdict(std::size_t check) const { return checks_.at(check).rise_fall.verdict(); }

  // The service's health as of the last verdicts; nothing while a check has none.
  std::optional<Health> health() const;

 private:
  struct Entry {
    RiseFall rise_fall;
    std::string reason;
  };
  std::vector<Entry> checks_;
};

}  // namespace nerve
