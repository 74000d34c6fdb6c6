#include "common/zookeeper/read_queue.h"

#include <utility>

namespace common::zookeeper {

void ReadQueue::put(const std::string& node, bool read) {
  const bool later = in_flight_.contains(node);
  const auto [place, fresh] = (later ? again_ : queued_).emplace(node, read);
  place->second = place->second || read;
  if (fresh && !later) order_.push_back(node);
}

void ReadQueue::forget(const std::string& node) {
  queued_.erase(node);
  again_.erase(node);
}

std::optional<ReadQueue::Request> ReadQueue::next() {
  while (!order_.empty() && in_flight_.size() < most_in_flight_) {
    const auto queued = queued_.find(order_.front());
    order_.pop_front();
    if (queued == queued_.end()) continue;
    Request request{queued->first, queued->second};
    queued_.erase(queued);
    in_flight_.insert(request.node);
    return request;
  }
  return std::nullopt;
}

void ReadQueue::answered(const std::string& node) {
  in_flight_.erase(node);
  const auto again = again_.find(node);
  if (again == again_.end()) return;
  const bool read = again->second;
  again_.erase(again);
  put(node, read);
}

void ReadQueue::lost(const Request& request) {
  answered(request.node);
  put(request.node, request.read);
}

}  // namespace common::zookeeper
