// The metrics of Events; only events*.cc see them.
#pragma once

#include <optional>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "synapse/events.h"

namespace synapse {

struct Events::Families {
  explicit Families(common::Metrics& metrics);

  prometheus::Family<prometheus::Gauge>& available;
  prometheus::Family<prometheus::Gauge>& unavailable;
  prometheus::Family<prometheus::Gauge>& stale;
  prometheus::Family<prometheus::Gauge>& update_failure;
  prometheus::Family<prometheus::Gauge>& watcher_failure;
  prometheus::Family<prometheus::Gauge>& registry_age;
  prometheus::Family<prometheus::Counter>& left_out;
  prometheus::Family<prometheus::Counter>& reloads;
  prometheus::Family<prometheus::Gauge>& held;
  prometheus::Family<prometheus::Gauge>& by_hand;
  prometheus::Family<prometheus::Gauge>& tombstones;
  prometheus::Family<prometheus::Gauge>& old_workers;
  prometheus::Family<prometheus::Counter>& commands;
  prometheus::Histogram& since_event;
  prometheus::Histogram& since_change;
  prometheus::Gauge& watches;
};

// What is remembered of one service of one router.
struct Events::Service {
  prometheus::Labels labels;
  prometheus::Gauge* available = nullptr;
  prometheus::Gauge* unavailable = nullptr;
  prometheus::Gauge* stale = nullptr;
  prometheus::Gauge* age = nullptr;
  prometheus::Gauge* held = nullptr;
  prometheus::Gauge* by_hand = nullptr;
  prometheus::Gauge* tombstones = nullptr;
  bool ready = false;
  bool is_stale = false;
  std::optional<Clock::time_point> wanted_since;  // what the output has not acknowledged yet
  std::optional<WallTime> changed_at;             // likewise: when the oldest of it was written
  std::optional<WallTime> latest_change;          // of the last snapshot
};

}  // namespace synapse
