// Lets a service that came up take its load step by step. Owned by Lifecycle, for as long as the warm-up lasts. Pure.
#pragma once

#include "nerve/lifecycle/settings.h"

namespace nerve {

// What became of the record that the world should read now.
enum class ReportState {
  pending,  // no reporter has answered yet
  taken,    // at least one reporter took it
  refused,  // every reporter failed
};

class Warmup {
 public:
  // Twelve steps up to the full weight, then ten more intervals during which the service must stay stable.
  static constexpr int kSteps = 12;
  static constexpr int kIntervalsAtFullWeight = 10;
  static constexpr int kLeastMaxDurationInIntervals = 23;

  enum class Progress {
    none,
    stepped,    // the next step, perhaps with the same weight
    restarted,  // nobody took the report: the first step again
    finished,   // all steps are done
    gave_up,    // the maximum duration is over: full weight whatever happened
  };

  Warmup(Milliseconds interval, Milliseconds max_duration, TimePoint now);

  // Goes on where an earlier life had come to: the last step that announces no more than `weight` of `full`.
  void resume(int weight, int full);

  // To be called when deadline() has come or the report's state has changed. A step waits for the report of the step
  // before.
  Progress advance(TimePoint now, ReportState report);

  // Back to the first step; the maximum duration runs on. False when it is there already.
  bool restart(TimePoint now);

  // ceil(step x full / 233), at least 1.
  int weight(int full) const { return weight_at(step_, full); }

  bool over() const { return over_; }
  TimePoint deadline() const;

 private:
  static int weight_at(int step, int full);

  Milliseconds interval_;
  TimePoint end_;
  TimePoint next_step_;
  int step_ = 0;
  bool waits_for_report_ = false;
  bool over_ = false;
};

}  // namespace nerve
