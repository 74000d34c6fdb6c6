#include "common/zookeeper/known_children.h"

#include <algorithm>

namespace common::zookeeper {

KnownChildren::Difference KnownChildren::list(const std::set<std::string>& names) {
  Difference result;
  for (const auto& [child, its] : children_) {
    if (!names.contains(child)) result.gone.push_back(child);
  }
  for (const auto& child : unread_) {
    if (!names.contains(child)) result.gone.push_back(child);
  }
  for (const auto& child : result.gone) gone(child);
  beyond_ = 0;
  for (const auto& name : names) {
    const bool known = is_listed(name);
    if (known && !deleted_.contains(name)) continue;
    if (!known && listed() >= bounds_.children) {
      ++beyond_;
      continue;
    }
    if (needs_data_(name)) {
      if (!known) unread_.insert(name);
      result.to_read.push_back(name);
    } else if (children_.try_emplace(name).second) {
      news_ = true;
    }
  }
  deleted_.clear();
  complete_ = true;
  auto room = bounds_.all_data - all_data_;
  for (const auto& [child, size] : too_much_) {
    const auto known = children_.find(child);
    const auto has = known == children_.end() ? 0 : known->second.size;
    if (size > room + has) continue;
    room -= std::min<std::size_t>(room, size);
    result.to_read.push_back(child);
  }
  return result;
}

std::vector<std::string> KnownChildren::to_be_read() const {
  std::vector<std::string> result;
  for (const auto& [child, its] : children_) {
    if (needs_data_(child)) result.push_back(child);
  }
  result.insert(result.end(), unread_.begin(), unread_.end());
  return result;
}

bool KnownChildren::differs(const std::string& child, const Stat& stat) const {
  const auto known = children_.find(child);
  return is_listed(child) && (known == children_.end() || known->second.stat != stat);
}

void KnownChildren::read(const std::string& child, std::string data, const Stat& stat) {
  // Read once more without having changed: its data may have been taken.
  if (!differs(child, stat)) return;
  if (data.size() > bounds_.data) {
    data.resize(bounds_.data);
    data.shrink_to_fit();
  }
  const auto size = static_cast<std::uint32_t>(data.size());
  const auto known = children_.find(child);
  const auto others = all_data_ - (known == children_.end() ? 0 : known->second.size);
  if (others + size > bounds_.all_data) {
    too_much_[child] = size;
    return;
  }
  too_much_.erase(child);
  all_data_ = others + size;
  children_[child] = {std::move(data), stat, size};
  unread_.erase(child);
  news_ = true;
}

void KnownChildren::unreadable(const std::string& child) {
  if (unread_.erase(child) == 0) return;
  children_.try_emplace(child);
  news_ = true;
}

void KnownChildren::gone(const std::string& child) {
  unread_.erase(child);
  too_much_.erase(child);
  const auto known = children_.find(child);
  if (known == children_.end()) return;
  all_data_ -= known->second.size;
  children_.erase(known);
  news_ = true;
}

}  // namespace common::zookeeper
