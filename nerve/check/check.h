// One way to ask whether a backend works. A kind of check sends and judges; when it runs, how long it may take and what
// its answers mean are the business of CheckRunner and the health room.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace common {
class Turns;
}  // namespace common

namespace nerve {

struct Answer {
  bool passed = false;
  std::string reason;  // why not, in an operator's words; empty when passed
};

class Check {
 public:
  virtual ~Check() = default;

  // Begins to ask. The answer, when it is known without waiting; otherwise run() is called, which goes on.
  virtual std::optional<Answer> begin() { return std::nullopt; }

  // Asks once. Never called again before it has ended. It must react to cancellation, and keeps no time itself.
  virtual boost::asio::awaitable<Answer> run() = 0;

  // What is asked, for messages: "127.0.0.1:8080", "http://127.0.0.1:8080/health".
  virtual std::string target() const = 0;

  // True when the kind keeps the timeout itself, because it can tell more about it then; CheckRunner only steps in when
  // that fails.
  virtual bool keeps_time() const { return false; }

  // Where each run waits for its turn, when only so many of the kind may run at once; null: none has to wait. The
  // timeout begins with the turn.
  virtual common::Turns* turns() { return nullptr; }
};

}  // namespace nerve
