// The nodes that this process has below one session, or may have: what would stay in the registry as a phantom when
// nobody takes it away. Reporters claim theirs; what no reporter has, because an earlier life left it or because its
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
  // `left`: by the earlier life whose session this one goes on with, if any. `on_change`: nodes() is another list.
  Holdings(common::zookeeper::Zookeeper& zookeeper, const SavedSession& left, std::function<void()> on_change);
  ~Holdings();
  Holdings(const Holdings&) = delete;
  Holdings& operator=(const Holdings&) = delete;

  // A reporter, until it leaves. Two with one `place` are the same instance's, one after the other, and have the same
  // nodes. What a reporter recognises is its affair: it may go on with it.
  using Recognise = std::function<bool(const std::string& path)>;
  int join(std::string place, Recognise recognises);
  // `gone`: its nodes are known not to be there. Otherwise they stay in the list.
  void leave(int reporter, bool gone);

  // No reporter has joined that has not left.
  bool idle() const;

  // The reporter has this node, or is about to create it.
  void claim(const SavedNode& node, int reporter);
  // It is not there any more.
  void release(const std::string& path, int reporter);
  bool claimed_elsewhere(const std::string& path, int reporter) const;

  // An earlier life may have left more than is in the list, because it ended before it could save what it did last.
  // True until the first sweep().
  bool may_be_incomplete() const;

  std::vector<SavedNode> nodes() const;
  std::vector<std::string> unclaimed() const;  // their paths

  // Of the same servers, under another user: what nobody claims here but somebody does there is in that list only.
  void leave_to(const Holdings& other);

  // Deletes what nobody claims or recognises, as soon as ZooKeeper can be reached. A node of another session is left
  // alone. The first time also what has taken the place of such a node without being in the list: it is looked for
  // among the siblings.
  void sweep();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace nerve
