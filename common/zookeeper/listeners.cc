#include "common/zookeeper/listeners.h"

#include <utility>

namespace common::zookeeper {

int Listeners::add(const std::string& path, Listener listener) {
  by_id_.emplace(++last_, Registered{path, std::move(listener)});
  by_path_.emplace(path, last_);
  return last_;
}

void Listeners::remove(int id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto [begin, end] = by_path_.equal_range(found->second.path);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second == id) {
      by_path_.erase(entry);
      break;
    }
  }
  by_id_.erase(found);
}

void Listeners::clear() {
  by_id_.clear();
  by_path_.clear();
}

void Listeners::tell_change(const std::string& path, bool deleted) const {
  std::vector<int> ids;
  const auto collect = [&](const std::string& watched) {
    const auto [begin, end] = by_path_.equal_range(watched);
    for (auto entry = begin; entry != end; ++entry) ids.push_back(entry->second);
  };
  collect(path);
  if (const auto slash = path.rfind('/'); slash != std::string::npos) collect(slash == 0 ? "/" : path.substr(0, slash));
  for (const int id : ids) {
    const auto listener = find(id);
    const auto& tell = deleted && listener.on_deleted ? listener.on_deleted : listener.on_change;
    if (tell) tell(path);
  }
}

void Listeners::tell_state(SessionState state, std::int64_t session_id, bool watches_lost) const {
  std::vector<int> ids;
  for (const auto& [id, registered] : by_id_) ids.push_back(id);
  for (const int id : ids) {
    if (const auto listener = find(id); watches_lost && listener.on_watches_lost) listener.on_watches_lost();
    tell_state(id, state, session_id);
  }
}

void Listeners::tell_state(int id, SessionState state, std::int64_t session_id) const {
  if (const auto listener = find(id); listener.on_state) listener.on_state(state, session_id);
}

// A copy: the listener may remove itself while it is being told.
Listener Listeners::find(int id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? Listener{} : found->second.listener;
}

}  // namespace common::zookeeper
