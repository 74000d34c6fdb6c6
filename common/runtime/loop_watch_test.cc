#include "common/runtime/loop_watch.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace common {
namespace {

TEST(LoopWatch, SeesALoopThatIsHeldUp) {
  boost::asio::io_context io;
  const LoopWatch watch(io);
  const auto now = LoopWatch::Clock::now();
  EXPECT_EQ(watch.look(now).problem, "");
  // Its first beat is due within two seconds, and nobody runs the loop.
  const auto findings = watch.look(now + std::chrono::seconds(12));
  EXPECT_GT(findings.worst_lateness, std::chrono::seconds(9));
  EXPECT_TRUE(findings.problem.starts_with("the event loop was held up for 1")) << findings.problem;
}

}  // namespace
}  // namespace common
