// Tells the service manager that has started us how far we are, in the words of sd_notify(3): systemd's Type=notify,
// and its watchdog, which starts a program again that is no longer healthy. One datagram each to the socket that the
// environment names; without one nothing is done. Never blocks, never fails: who does not listen learns nothing.
// Owned by App. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"

namespace common {

class ServiceManager {
 public:
  // Takes what it needs out of the environment: programs that we start have no business with it.
  // `healthy` is asked before each sign of life.
  ServiceManager(boost::asio::io_context& io, std::function<bool()> healthy);

  // All runs that was asked for.
  void ready();
  // We end, which takes this long at most.
  void stopping(std::chrono::microseconds at_most);

 private:
  void tell(std::string_view words) const;
  void beat();

  std::string socket_;                     // a path, or @name: an abstract one; empty: nobody listens
  std::chrono::microseconds watchdog_{0};  // so long without a sign of life is too long; 0: nobody waits for any
  std::function<bool()> healthy_;
  bool stopping_ = false;
  Alarm next_beat_;
};

}  // namespace common
