// Old workers of an HAProxy that is not ours: those that we have seen answer on the runtime socket and that still run,
// which is found by their process ids. Where HAProxy's processes cannot be seen from here, as from another container,
// nothing can be said.
#pragma once

#include <cstddef>
#include <optional>
#include <set>

namespace synapse::haproxy {

class FormerWorkers {
 public:
  // The worker that answers now.
  void now(int pid);

  // Nothing when it cannot be known.
  std::optional<std::size_t> count();

 private:
  int pid_ = 0;
  bool visible_ = false;  // pid_ is an HAProxy as seen from here
  std::set<int> former_;
};

}  // namespace synapse::haproxy
