#include "common/telemetry/metrics.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/limits/limits.h"

namespace common {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, ShowTheLimitsOfTheProgram) {
  Metrics metrics;
  EXPECT_THAT(metrics.text(), Not(HasSubstr("limit_hit")));
  metrics.show_limits("nerve");
  const auto before = limit_hits(Limit::file_bytes);
  limit_hit(Limit::file_bytes);
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE nerve_limit_hit_total counter"));
  EXPECT_THAT(metrics.text(),
              HasSubstr("nerve_limit_hit_total{limit=\"file_bytes\"} " + std::to_string(before + 1) + "\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("nerve_limit_hit_total{limit=\"resolver_names\"} 0\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("children"))) << "nerve has no such limit";
}

TEST(Metrics, HaveAllLimitsThatTheProgramCanHit) {
  Metrics metrics;
  metrics.show_limits("synapse");
  for (const auto& row : limits()) {
    const auto series = HasSubstr("synapse_limit_hit_total{limit=\"" + std::string(row.name) + "\"} ");
    if (row.in == In::nerve) {
      EXPECT_THAT(metrics.text(), Not(series));
    } else {
      EXPECT_THAT(metrics.text(), series);
    }
  }
}

}  // namespace
}  // namespace common
