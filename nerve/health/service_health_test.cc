#include "nerve/health/service_health.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

using Change = RiseFall::Change;

TEST(ServiceHealth, SaysNothingBeforeEveryCheckHasAVerdict) {
  ServiceHealth health({{1, 1}, {2, 1}});
  EXPECT_EQ(health.add(0, true, ""), Change::changed);
  EXPECT_EQ(health.health(), std::nullopt);
  EXPECT_EQ(health.add(1, true, ""), Change::pending);
  EXPECT_EQ(health.health(), std::nullopt);
  EXPECT_EQ(health.add(1, true, ""), Change::changed);
  EXPECT_EQ(health.health(), (Health{true, ""}));
}

TEST(ServiceHealth, SaysNothingEvenWhenTheFirstVerdictIsBad) {
  ServiceHealth health({{1, 1}, {1, 1}});
  health.add(0, false, "connection refused");
  EXPECT_EQ(health.health(), std::nullopt);
}

TEST(ServiceHealth, IsUpOnlyWhileAllChecksAre) {
  ServiceHealth health({{1, 1}, {1, 1}});
  health.add(0, true, "");
  health.add(1, false, "HTTP 503");
  EXPECT_EQ(health.health(), (Health{false, "HTTP 503"}));
  health.add(1, true, "");
  EXPECT_EQ(health.health(), (Health{true, ""}));
}

TEST(ServiceHealth, NamesTheReasonsOfAllChecksThatAreDown) {
  ServiceHealth health({{1, 1}, {1, 1}, {1, 1}});
  health.add(0, false, "connection refused by 127.0.0.1:80");
  health.add(1, true, "");
  health.add(2, false, "HTTP 503");
  EXPECT_EQ(health.health()->reason, "connection refused by 127.0.0.1:80; HTTP 503");
  health.add(0, true, "");
  EXPECT_EQ(health.health()->reason, "HTTP 503");
}

TEST(ServiceHealth, SaysACommonReasonOnce) {
  ServiceHealth health({{1, 1}, {1, 1}});
  health.add(0, false, "connection refused by 127.0.0.1:80");
  health.add(1, false, "connection refused by 127.0.0.1:80");
  EXPECT_EQ(health.health()->reason, "connection refused by 127.0.0.1:80");
}

TEST(ServiceHealth, KeepsTheReasonThatChangedTheVerdict) {
  ServiceHealth health({{1, 2}});
  health.add(0, false, "first");
  health.add(0, false, "second");
  EXPECT_EQ(health.add(0, false, "third"), Change::unchanged);
  EXPECT_EQ(health.health()->reason, "second");
}

}  // namespace
}  // namespace nerve
