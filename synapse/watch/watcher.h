// Where a service's servers come from. A watcher gives whole snapshots, never deltas, the first one when it knows all;
// while its source is away it says nothing, and the last snapshot stays in force. Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "synapse/pool/pool.h"

namespace synapse {

// Works for as long as it lives.
class Watcher {
 public:
  virtual ~Watcher() = default;
};

struct WatcherEvents {
  std::function<void(const std::vector<Record>&)> on_snapshot;
  std::function<void(const std::string& error)> on_failed;
};

}  // namespace synapse
