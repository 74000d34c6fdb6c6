// Which nodes are to be read, or only looked at, and which of them are being asked for. Each stands in it once, however
// often it is wanted. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace common::zookeeper {

class ReadQueue {
 public:
  explicit ReadQueue(std::size_t most_in_flight) : most_in_flight_(most_in_flight) {}

  // Its data is different, or not known. Of a node that is being asked for: once more after that.
  void read(const std::string& node) { put(node, true); }
  // It may be different.
  void look_at(const std::string& node) { put(node, false); }

  // It is of no interest any more. An answer that is under way still comes.
  void forget(const std::string& node);

  struct Request {
    std::string node;
    bool read;  // not only to be looked at
  };
  // What to ask for now, which is then in flight; nothing when there is nothing, or enough is in flight.
  std::optional<Request> next();

  void answered(const std::string& node);
  // There is no answer: it is to be asked for again.
  void lost(const Request& request);

  // Nothing is wanted, and nothing in flight.
  bool idle() const { return queued_.empty() && in_flight_.empty(); }

 private:
  void put(const std::string& node, bool read);

  const std::size_t most_in_flight_;
  std::deque<std::string> order_;       // of what is queued; with some that are not any more
  std::map<std::string, bool> queued_;  // whether to be read
  std::set<std::string> in_flight_;
  std::map<std::string, bool> again_;  // once more, after the answer
};

}  // namespace common::zookeeper
