// The metrics of Events; only events*.cc see them.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/time/min_interval.h"
#include "common/time/token_bucket.h"
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
  prometheus::Family<prometheus::Gauge>& excess;
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
  prometheus::Gauge* excess = nullptr;
  std::size_t told_excess = 0;
  std::set<std::string> complaints;  // of its source, that were told since it last worked
  // Of records at fault: child -> hash of the reason. What the pool lists is bounded.
  std::unordered_map<std::string, std::size_t> left_out;
  // What is told of records: all of a few, then one a second, for the log belongs to others as well.
  common::TokenBucket words{1, 100, {}};
  std::size_t untold = 0;
  common::MinInterval summary{std::chrono::minutes(1)};
  bool ready = false;
  bool is_stale = false;
  std::optional<Clock::time_point> wanted_since;  // what the output has not acknowledged yet
  std::optional<WallTime> changed_at;             // likewise: when the oldest of it was written
  std::optional<WallTime> latest_change;          // of the last snapshot
};

}  // namespace synapse
