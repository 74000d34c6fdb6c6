// Where a service's servers come from. A watcher gives whole snapshots, never deltas, the first one when it knows all;
// while its source is away it says nothing, and the last snapshot stays in force. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "synapse/pool/record.h"

namespace synapse {

// Works for as long as it lives.
class Watcher {
 public:
  virtual ~Watcher() = default;

  // When the source last confirmed what the latest snapshot says; the epoch when it never has.
  virtual std::chrono::steady_clock::time_point confirmed() const = 0;

  // How many watches it holds in ZooKeeper.
  virtual std::size_t watches() const { return 0; }

  // What an earlier life had: taken for the word of those parts of the source that do not speak in time. Before the
  // first snapshot only.
  virtual void restore(const std::vector<Record>&) {}
};

// None of them is called from within the making of the watcher, nor after its end.
struct WatcherEvents {
  std::function<void(const std::vector<Record>&)> on_snapshot;
  std::function<void(const std::string& error)> on_failed;
  // What on_failed told of last is over.
  std::function<void()> on_recovered = [] {};
};

}  // namespace synapse
