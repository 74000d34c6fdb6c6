#include "common/reload/config_follower.h"

#include <gtest/gtest.h>

#include "common/telemetry/metrics.h"

namespace common {
namespace {

// What an App does with its configuration, and how often.
struct Owner {
  LoadedConfig next;
  Result<ConfigDifference> answer = ConfigDifference{};
  int applied = 0;
  int unchanged = 0;

  boost::asio::io_context io;
  Metrics metrics;
  ConfigFollower follower{io,
                          "tested",
                          metrics,
                          {.load = [this] { return next; },
                           .apply =
                               [this] {
                                 ++applied;
                                 return answer;
                               },
                           .unchanged = [this] { ++unchanged; }}};

  bool last_was_good() {
    return metrics.text().find("\ntested_config_last_reload_successful 1\n") != std::string::npos;
  }
};

TEST(ConfigFollower, AppliesWhatIsNew) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 0);
  EXPECT_EQ(owner.unchanged, 1) << "the same texts";
  owner.next.fingerprint = 2;
  owner.follower.reload("asked", true);
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 1);
  EXPECT_EQ(owner.unchanged, 2);
  EXPECT_TRUE(owner.last_was_good());
}

TEST(ConfigFollower, RefusesWhatHasErrorsAndTakesItWhenItIsMended) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.next.diagnostics.errors = {"c.yml:1: port: is missing"};
  owner.follower.reload("a file changed", false);
  EXPECT_EQ(owner.applied, 0);
  EXPECT_FALSE(owner.last_was_good());
  owner.next.diagnostics.errors.clear();
  owner.next.fingerprint = 3;
  owner.follower.reload("a file changed", false);
  EXPECT_EQ(owner.applied, 1);
  EXPECT_TRUE(owner.last_was_good());
}

TEST(ConfigFollower, WhatTheOwnerRefusesIsOfferedAgain) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.answer = fail("the token file cannot be read");
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 1);
  EXPECT_FALSE(owner.last_was_good());
  owner.answer = ConfigDifference{};
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 2);
  EXPECT_TRUE(owner.last_was_good());
}

TEST(ConfigFollower, DoesNothingAfterItsEnd) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.follower.end();
  owner.next.fingerprint = 2;
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 0);
}

TEST(ConfigFollower, KnowsWhereAFileLies) {
  EXPECT_EQ(directory_of("/etc/n.yml"), "/etc");
  EXPECT_EQ(directory_of("n.yml"), ".");
}

}  // namespace
}  // namespace common
