#include "synapse/output/console_router.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

TEST(ConsoleRouter, PrintsTheServersAsOneJsonLine) {
  Routed routed;
  routed.servers.push_back({.name = "a", .registered_name = "a", .host = "10.0.0.1", .port = 80, .weight = 5});
  routed.servers.push_back(
      {.name = "b", .registered_name = "b", .host = "::1", .port = 81, .available = false, .labels = {{"az", "x"}}});
  EXPECT_EQ(console_line("web", routed),
            R"({"service":"web","servers":[{"name":"a","host":"10.0.0.1","port":80,"weight":5,"available":true},)"
            R"({"name":"b","host":"::1","port":81,"weight":1,"available":false,"labels":{"az":"x"}}]})");
}

TEST(ConsoleRouter, IsRoutedAfterTheFirstUpdate) {
  RouterConfig config{.type = "console", .services = {ServiceConfig{.name = "web"}}, .kind = ConsoleRouterConfig{}};
  ConsoleRouter router(config);
  EXPECT_FALSE(router.routed(0));
  testing::internal::CaptureStdout();
  router.update(0, {});
  router.update(0, {});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "{\"service\":\"web\",\"servers\":[]}\n");
  EXPECT_TRUE(router.routed(0));
}

}  // namespace
}  // namespace synapse
