// The last things that changed, for somebody who comes later and asks what happened. Bounded; the time is an argument.
// Pure; loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace common {

struct Transition {
  std::chrono::system_clock::time_point time;
  std::string router = {};  // whose service it is, or which router it is about; synapse only
  std::string service;
  std::string what;  // of the service: "state", "mode", "check"
  std::string part;  // which one, when it is about a part of the service: a check, a server
  std::string old_value;
  std::string new_value;
  std::string reason;
};

class EventLog {
 public:
  explicit EventLog(std::size_t capacity = 1000) : capacity_(capacity) {}

  // The oldest one goes when there is no room. A long reason is shortened.
  void add(Transition transition);

  // The last `limit` of one service, or of all when `service` is empty; the oldest first. Valid until the next add().
  std::vector<const Transition*> last(std::size_t limit, std::string_view service) const;

  std::size_t capacity() const { return capacity_; }

 private:
  std::size_t capacity_;
  std::deque<Transition> transitions_;
};

// "2026-01-31T12:00:00.123Z" (RFC 3339)
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace common
