// Reaps the orphans that the kernel gives to this process when it is the first one of its container (or a subreaper):
// what a command has started and left behind. Without it each would stay a zombie for as long as we run. Children that
// somebody follows (see Followed) are left to him. Owned by App. Loop thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "common/runtime/alarm.h"

namespace common {

class OrphanReaper {
 public:
  // Does nothing when orphans go to another process.
  explicit OrphanReaper(boost::asio::io_context& io);
  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

 private:
  void wait();
  void reap_orphans();

  boost::asio::signal_set child_ended_;
  Alarm look_again_;
};

}  // namespace common
