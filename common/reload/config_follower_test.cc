#include "common/reload/config_follower.h"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "common/telemetry/metrics.h"

namespace common {
namespace {

// What an App does with its configuration, and how often.
struct Owner {
  LoadedConfig next;
  Result<ConfigDifference> answer = ConfigDifference{};
  bool answers_later = false;
  Result<void> proof = {};
  std::function<void(Result<void>)> waiting;  // the answer to the last proof
  int proofs = 0;
  int loaded = 0;
  int applied = 0;
  int unchanged = 0;

  boost::asio::io_context io;
  Metrics metrics;
  ConfigFollower follower{io,
                          "tested",
                          metrics,
                          {.load =
                               [this] {
                                 ++loaded;
                                 return next;
                               },
                           .prove =
                               [this](std::function<void(Result<void>)> done) {
                                 ++proofs;
                                 if (!answers_later) return done(proof);
                                 waiting = std::move(done);
                               },
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

TEST(ConfigFollower, WhatIsNotProvenIsNotApplied) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.proofs, 0) << "what runs needs none";
  owner.next.fingerprint = 2;
  owner.proof = fail("HAProxy refuses it");
  owner.follower.reload("a file changed", false);
  EXPECT_EQ(owner.proofs, 1);
  EXPECT_EQ(owner.applied, 0);
  EXPECT_FALSE(owner.last_was_good());
  owner.proof = Result<void>();
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.proofs, 2);
  EXPECT_EQ(owner.applied, 1);
  EXPECT_TRUE(owner.last_was_good());
}

TEST(ConfigFollower, WhatHasErrorsNeedsNoProof) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.next.diagnostics.errors = {"c.yml:1: port: is missing"};
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.proofs, 0);
}

TEST(ConfigFollower, WaitsForAProofAndReadsNothingMeanwhile) {
  Owner owner;
  owner.answers_later = true;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.follower.reload("asked", true);
  EXPECT_EQ(owner.applied, 0);
  owner.next.fingerprint = 3;
  owner.follower.reload("a file changed", false);
  owner.follower.reload("a file changed", false);
  EXPECT_EQ(owner.loaded, 1) << "what is being proven must stay what it is";
  std::exchange(owner.waiting, nullptr)(Result<void>());
  EXPECT_EQ(owner.applied, 1);
  EXPECT_EQ(owner.loaded, 2) << "once for both";
  ASSERT_TRUE(owner.waiting);
  std::exchange(owner.waiting, nullptr)(Result<void>());
  EXPECT_EQ(owner.applied, 2);
  EXPECT_EQ(owner.loaded, 2);
}

TEST(ConfigFollower, AfterALateRefusalTheMendedOneIsTaken) {
  Owner owner;
  owner.answers_later = true;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.follower.reload("a file changed", false);
  owner.next.fingerprint = 3;
  owner.follower.reload("a file changed", false);
  std::exchange(owner.waiting, nullptr)(fail("HAProxy refuses it"));
  EXPECT_EQ(owner.applied, 0);
  EXPECT_FALSE(owner.last_was_good());
  ASSERT_TRUE(owner.waiting);
  std::exchange(owner.waiting, nullptr)(Result<void>());
  EXPECT_EQ(owner.applied, 1);
  EXPECT_TRUE(owner.last_was_good());
}

TEST(ConfigFollower, AProofThatOutlivesTheEndChangesNothing) {
  Owner owner;
  owner.answers_later = true;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.follower.reload("asked", true);
  owner.follower.reload("asked", true);
  owner.follower.end();
  std::exchange(owner.waiting, nullptr)(Result<void>());
  EXPECT_EQ(owner.applied, 0);
  EXPECT_EQ(owner.loaded, 1);
}

TEST(ConfigFollower, ReadsOnceForAllThatAskAtOneTime) {
  Owner owner;
  owner.next.fingerprint = 1;
  owner.follower.begin(owner.next);
  owner.next.fingerprint = 2;
  owner.follower.ask("asked");
  EXPECT_EQ(owner.applied, 1) << "the first at once";
  for (int i = 0; i < 1000; ++i) owner.follower.ask("asked");
  EXPECT_LE(owner.loaded, 2) << "one more where the loop took longer than the pause between two";
  const int before = owner.loaded;
  owner.next.fingerprint = 3;  // written after the last of them came
  owner.io.run_for(std::chrono::seconds(5));
  EXPECT_EQ(owner.loaded, before + 1) << "what was asked last is never forgotten";
  EXPECT_EQ(owner.applied, 2);
}

TEST(ConfigFollower, WhoAskedIsForgottenAtTheEnd) {
  Owner owner;
  owner.follower.begin(owner.next);
  owner.follower.ask("asked");
  owner.follower.ask("asked");
  owner.follower.end();
  owner.io.run_for(std::chrono::seconds(1));
  EXPECT_EQ(owner.loaded, 1);
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
