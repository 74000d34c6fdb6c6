#include "nerve/lifecycle/warmup.h"

#include <algorithm>
#include <array>

namespace nerve {
namespace {

constexpr std::array<int, Warmup::kSteps> kWeights{1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};

}  // namespace

Warmup::Warmup(Milliseconds interval, Milliseconds max_duration, TimePoint now)
    : interval_(interval), end_(now + max_duration), next_step_(now + interval) {}

Warmup::Progress Warmup::advance(TimePoint now, ReportState report) {
  if (over_) return Progress::none;
  if (now >= end_) {
    over_ = true;
    step_ = kSteps;
    return Progress::gave_up;
  }
  if (now < next_step_) return Progress::none;
  waits_for_report_ = report == ReportState::pending;
  if (waits_for_report_) return Progress::none;
  // From now, not from when it was due: after a long pause the steps must not follow each other at once.
  next_step_ = now + interval_;
  if (report == ReportState::refused) return restart(now) ? Progress::restarted : Progress::none;
  if (++step_ < kSteps - 1 + kIntervalsAtFullWeight) return Progress::stepped;
  over_ = true;
  return Progress::finished;
}

bool Warmup::restart(TimePoint now) {
  if (over_) return false;
  next_step_ = now + interval_;
  waits_for_report_ = false;
  const bool moved = step_ > 0;
  step_ = 0;
  return moved;
}

void Warmup::resume(int weight, int full) {
  while (step_ < kSteps - 1 && weight_at(step_ + 1, full) <= weight) ++step_;
}

int Warmup::weight_at(int step, int full) {
  const int share = kWeights.at(static_cast<std::size_t>(std::min(step, kSteps - 1)));
  return std::max(1, (share * full + kWeights.back() - 1) / kWeights.back());
}

TimePoint Warmup::deadline() const {
  return waits_for_report_ ? end_ : std::min(next_step_, end_);
}

}  // namespace nerve
