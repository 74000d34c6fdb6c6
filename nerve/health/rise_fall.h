// Turns the answers of one check into a verdict: it takes `rise` passes or `fall` failures in a row to change it, and
// also to reach the first one. Owned by ServiceHealth. Pure.
#pragma once

#include <optional>

namespace nerve {

struct Thresholds {
  int rise = 3;
  int fall = 2;

  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

class RiseFall {
 public:
  // unchanged: the answer agrees with the verdict. pending: it disagrees, but not yet often enough. changed: there is a
  // new verdict.
  enum class Change { unchanged, pending, changed };

  explicit RiseFall(Thresholds thresholds) : thresholds_(thresholds) {}

  Change add(bool passed);

  // Whether the check is up; nothing before the first verdict.
  std::optional<bool> verdict() const { return verdict_; }

 private:
  Thresholds thresholds_;
  std::optional<bool> verdict_;
  std::optional<bool> last_answer_;
  int in_a_row_ = 0;
};

}  // namespace nerve
