#include "synapse/output/console_router.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

TEST(ConsoleRouter, PrintsTheServersAsOneJsonLine) {
  Routed routed;
  routed.servers.push_back({.name = "a", .registered_name = "a", .host = "10.0.0.1", .port = 80, .weight = 5});
  routed.servers.push_back(
      {.name = "b", .registered_name = "b", .host = "::1", .port = 81, .available = false, .labels = {{"az", "x"}}});
  routed.servers.push_back({.name = "c", .host = "/run/c.sock", .backup = true});
  EXPECT_EQ(console_line("web", routed),
            R"({"service":"web","servers":[{"name":"a","host":"10.0.0.1","port":80,"weight":5,"available":true},)"
            R"({"name":"b","host":"::1","port":81,"weight":1,"available":false,"labels":{"az":"x"}},)"
            R"({"name":"c","host":"/run/c.sock","port":0,"weight":1,"available":true,"backup":true}]})");
}

TEST(ConsoleRouter, IsRoutedAfterTheFirstUpdate) {
  ConsoleRouter router;
  EXPECT_FALSE(router.routed("web"));
  testing::internal::CaptureStdout();
  router.update("web", {});
  router.update("web", {});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "{\"service\":\"web\",\"servers\":[]}\n");
  EXPECT_TRUE(router.routed("web"));
}

TEST(ConsoleRouter, ForgetsAServiceThatIsNotConfiguredAnyMore) {
  ConsoleRouter router;
  testing::internal::CaptureStdout();
  router.update("web", {});
  router.update("api", {});
  router.reconfigure({.type = "console", .services = {ServiceConfig{.name = "api"}}, .kind = ConsoleRouterConfig{}});
  testing::internal::GetCapturedStdout();
  EXPECT_FALSE(router.routed("web"));
  EXPECT_TRUE(router.routed("api"));
}

}  // namespace
}  // namespace synapse
