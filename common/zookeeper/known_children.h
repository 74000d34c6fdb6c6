// What is known of the children of one path: which ones the last list has named, and what was read of them. It says
// what there is to read, and whether there is news. Who may write there may write a lot, so it is bounded: what is
// known stays, and what comes beyond a bound is left out until there is room. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
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
  std::uint32_t size = 0;  // bytes of the data, also when it was taken
};
using Children = std::map<std::string, Child>;

class KnownChildren {
 public:
  struct Bounds {
    std::size_t children = 20'000;              // of newcomers beyond that the last ones by name are left out
    std::uint32_t data = 64 * 1024 + 1;         // bytes of a node; more is cut off
    std::size_t all_data = 64UL * 1024 * 1024;  // bytes of all nodes; what does not fit is left out
  };

  // `needs_data`: false for a child whose name says everything.
  KnownChildren(std::function<bool(std::string_view child)> needs_data, Bounds bounds)
      : needs_data_(std::move(needs_data)), bounds_(bounds) {}

  struct Difference {
    std::vector<std::string> gone;
    std::vector<std::string> to_read;
  };
  // All that ZooKeeper has.
  Difference list(const std::set<std::string>& names);
  bool is_complete() const { return complete_; }  // it was listed
  bool is_listed(const std::string& child) const { return children_.contains(child) || unread_.contains(child); }
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

  // How many there are that are not told of, or only as they were before, because of a bound.
  std::size_t left_out() const { return beyond_ + too_much_.size(); }
  std::size_t present() const { return listed() + beyond_; }

  // Since the last call of tell(), or ever before the first.
  bool has_news() const { return news_; }
  Children& tell() {
    news_ = false;
    return children_;
  }

 private:
  std::size_t listed() const { return children_.size() + unread_.size(); }

  const std::function<bool(std::string_view child)> needs_data_;
  const Bounds bounds_;
  bool complete_ = false;
  bool news_ = true;
  Children children_;                              // that are listed, and have been read as far as they must be
  std::set<std::string> unread_;                   // the others that are listed
  std::set<std::string> deleted_;                  // since that list
  std::size_t beyond_ = 0;                         // names that the last list had too many
  std::map<std::string, std::uint32_t> too_much_;  // listed, and what it has now does not fit: bytes
  std::size_t all_data_ = 0;                       // the sum of the sizes
};

}  // namespace common::zookeeper
