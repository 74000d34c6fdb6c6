// What is known of the children of one path: which ones the last list has named, and what was read of them. It says
// what there is to read, and whether there is news. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

struct Child {
  std::string data;  // empty when needs_data said no, and when it was taken
  Stat stat;
};
using Children = std::map<std::string, Child>;

class KnownChildren {
 public:
  // `needs_data`: false for a child whose name says everything. More data of a node than `most_data` bytes is cut off.
  KnownChildren(std::function<bool(std::string_view child)> needs_data, std::size_t most_data)
      : needs_data_(std::move(needs_data)), most_data_(most_data) {}

  struct Difference {
    std::vector<std::string> gone;
    std::vector<std::string> to_read;
  };
  // All that ZooKeeper has.
  Difference list(std::set<std::string> names);
  bool is_complete() const { return complete_; }  // it was listed
  bool is_listed(const std::string& child) const { return listed_.contains(child); }
  bool is_to_be_read(const std::string& child) const { return is_listed(child) && needs_data_(child); }
  // Of those that are listed.
  std::vector<std::string> to_be_read() const;

  // It may have been created again: only the next list says so.
  void deleted(const std::string& child) { deleted_.insert(child); }
  // Whether a node with this stat must be read.
  bool differs(const std::string& child, const Stat& stat) const;
  void read(const std::string& child, std::string data, const Stat& stat);
  // It is known to exist, and stays without data if it has none yet.
  void unreadable(const std::string& child);
  void gone(const std::string& child);

  // Since the last call of tell(), or ever before the first.
  bool has_news() const { return news_; }
  Children& tell() {
    news_ = false;
    return children_;
  }

 private:
  const std::function<bool(std::string_view child)> needs_data_;
  const std::size_t most_data_;
  bool complete_ = false;
  bool news_ = true;
  std::set<std::string> listed_;
  std::set<std::string> deleted_;  // since that list
  Children children_;
};

}  // namespace common::zookeeper
