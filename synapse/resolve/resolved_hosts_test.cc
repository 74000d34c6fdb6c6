#include "synapse/resolve/resolved_hosts.h"

#include <chrono>
#include <exception>
#include <set>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "common/telemetry/metrics.h"
#include "synapse/events.h"

namespace synapse {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class ResolvedHostsTest : public testing::Test {
 protected:
  void run_until_looked_up(const std::string& host) {
    const auto end = steady_clock::now() + seconds(30);
    while (!addresses.looked_up(host) && steady_clock::now() < end) {
      io.restart();
      io.run_one_for(seconds(1));
    }
  }

  boost::asio::io_context io;
  common::Metrics metrics;
  Events events{metrics};
  ResolvedHosts addresses{io, events, [](const std::string&) {}};
};

TEST_F(ResolvedHostsTest, FollowsAName) {
  addresses.follow("web", {"localhost"});
  EXPECT_EQ(addresses.address("localhost"), "");
  run_until_looked_up("localhost");
  EXPECT_EQ(addresses.address("localhost"), "127.0.0.1");
}

TEST_F(ResolvedHostsTest, ANameThatNobodyNeedsLeavesNothingBehind) {
  addresses.follow("web", {"localhost"});
  addresses.follow("api", {"localhost"});
  run_until_looked_up("localhost");
  addresses.follow("web", {});
  EXPECT_EQ(addresses.address("localhost"), "127.0.0.1") << "the other one needs it";
  addresses.follow("api", {});
  const auto before = steady_clock::now();
  io.restart();
  io.run_for(seconds(25));
  EXPECT_LT(steady_clock::now() - before, seconds(20)) << "it still waits for the next look-up";
}

TEST_F(ResolvedHostsTest, ANameIsFollowedAgainWhileItsFormerLookUpEnds) {
  addresses.follow("web", {"localhost"});
  run_until_looked_up("localhost");
  addresses.follow("web", {});
  addresses.follow("web", {"localhost"});
  EXPECT_FALSE(addresses.looked_up("localhost"));
  run_until_looked_up("localhost");
  EXPECT_EQ(addresses.address("localhost"), "127.0.0.1");
}

// A sanitizer sees it when the timer of the wait is gone while the wait is still to be cancelled.
TEST_F(ResolvedHostsTest, EndsInTheTurnInWhichANameIsForgotten) {
  addresses.follow("web", {"localhost"});
  run_until_looked_up("localhost");
  bool stopped = false;
  boost::asio::post(io, [&] {
    addresses.follow("web", {});
    boost::asio::co_spawn(io, addresses.stop(), [&](const std::exception_ptr&) { stopped = true; });
  });
  const auto before = steady_clock::now();
  io.restart();
  io.run_for(seconds(25));
  EXPECT_TRUE(stopped);
  EXPECT_LT(steady_clock::now() - before, seconds(20)) << "it still waits for the next look-up";
}

}  // namespace
}  // namespace synapse
