// The nodes that this process has below one session, or may have: what would stay in the registry as a phantom when
// nobody takes it away. Reporters claim theirs; what no reporter claims, because an earlier life left it or because its
// reporter went before ZooKeeper confirmed the removal, is deleted by sweep(). Owned by Sessions. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/zookeeper/zookeeper.h"
#include "nerve/report/saved_sessions.h"

namespace nerve {

class Holdings {
 public:
  // `on_change`: nodes() is another list.
  Holdings(common::zookeeper::Zookeeper& zookeeper, std::vector<SavedNode> left, std::function<void()> on_change);
  ~Holdings();
  Holdings(const Holdings&) = delete;
  Holdings& operator=(const Holdings&) = delete;

  // `by` has this node, or is about to create it.
  void claim(const SavedNode& node, const void* by);
  // `gone`: it is known not to be there. Otherwise it stays in the list.
  void release(const std::string& path, const void* by, bool gone);
  bool claimed_by_another(const std::string& path, const void* by) const;

  std::vector<SavedNode> nodes() const;

  // Deletes what nobody claims, as soon as ZooKeeper can be reached. A node of another session is left alone.
  void sweep();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace nerve
