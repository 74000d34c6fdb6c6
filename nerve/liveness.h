// Whether nerve itself works, for a supervisor that would otherwise start it again: every check makes progress, and
// nothing holds up the loop. That a backend is down is no matter here. Owned by App. Loop thread only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/runtime/loop_watch.h"
#include "nerve/api.h"

namespace nerve {

class Liveness {
 public:
  using Clock = std::chrono::steady_clock;

  struct Findings {
    std::vector<std::string> problems;  // none: it works
    std::size_t checks = 0;
    common::LoopWatch::Findings loop;
  };

  // The services must outlive it.
  Liveness(boost::asio::io_context& io, const Services& services);

  Findings look(Clock::time_point now) const;

 private:
  const Services& services_;
  common::LoopWatch loop_;
};

}  // namespace nerve
