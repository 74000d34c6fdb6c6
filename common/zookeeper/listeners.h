// Who listens to a session, and for which path. A listener may come or go while others are being told. Owned by
// Session. Loop thread only.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class Listeners {
 public:
  int add(const std::string& path, Listener listener);
  void remove(int id);
  void clear();

  // To those of the path and of its parent.
  void tell_change(const std::string& path, bool deleted) const;
  void tell_state(SessionState state, std::int64_t session_id, bool watches_lost) const;
  void tell_state(int id, SessionState state, std::int64_t session_id) const;

 private:
  struct Registered {
    std::string path;
    Listener listener;
  };

  Listener find(int id) const;

  int last_ = 0;
  std::map<int, Registered> by_id_;
  std::unordered_multimap<std::string, int> by_path_;
};

}  // namespace common::zookeeper
