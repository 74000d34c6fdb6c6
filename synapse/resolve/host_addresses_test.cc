#include "synapse/resolve/host_addresses.h"

#include <chrono>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/telemetry/metrics.h"
#include "synapse/events.h"

namespace synapse {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class HostAddressesTest : public testing::Test {
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
  HostAddresses addresses{io, events, [](const std::string&) {}};
};

TEST_F(HostAddressesTest, FollowsAName) {
  addresses.follow("web", {"localhost"});
  EXPECT_EQ(addresses.address("localhost"), "");
  run_until_looked_up("localhost");
  EXPECT_EQ(addresses.address("localhost"), "127.0.0.1");
}

TEST_F(HostAddressesTest, ANameThatNobodyNeedsLeavesNothingBehind) {
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

}  // namespace
}  // namespace synapse
