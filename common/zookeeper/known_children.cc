#include "common/zookeeper/known_children.h"

namespace common::zookeeper {

KnownChildren::Difference KnownChildren::list(std::set<std::string> names) {
  Difference result;
  for (const auto& child : listed_) {
    if (names.contains(child)) continue;
    result.gone.push_back(child);
    if (children_.erase(child) != 0) news_ = true;
  }
  for (const auto& name : names) {
    if (listed_.contains(name) && !deleted_.contains(name)) continue;
    if (needs_data_(name)) {
      result.to_read.push_back(name);
    } else if (children_.try_emplace(name).second) {
      news_ = true;
    }
  }
  listed_ = std::move(names);
  deleted_.clear();
  complete_ = true;
  return result;
}

std::vector<std::string> KnownChildren::to_be_read() const {
  std::vector<std::string> result;
  for (const auto& child : listed_) {
    if (needs_data_(child)) result.push_back(child);
  }
  return result;
}

bool KnownChildren::differs(const std::string& child, const Stat& stat) const {
  const auto known = children_.find(child);
  return is_listed(child) && (known == children_.end() || known->second.stat != stat);
}

void KnownChildren::read(const std::string& child, std::string data, const Stat& stat) {
  // Read once more without having changed: its data may have been taken.
  if (!differs(child, stat)) return;
  if (data.size() > most_data_) {
    data.resize(most_data_);
    data.shrink_to_fit();
  }
  children_[child] = {std::move(data), stat};
  news_ = true;
}

void KnownChildren::unreadable(const std::string& child) {
  if (is_listed(child) && children_.try_emplace(child).second) news_ = true;
}

void KnownChildren::gone(const std::string& child) {
  listed_.erase(child);
  if (children_.erase(child) != 0) news_ = true;
}

}  // namespace common::zookeeper
