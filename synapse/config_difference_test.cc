#include "synapse/config_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RouterConfig haproxy(const std::string& path) {
  return {.type = "haproxy", .kind = HaproxyRouterConfig{.config_path = path}};
}

ServiceConfig service(const std::string& name, int id, const std::string& options = "") {
  return {.name = name, .id = id, .server_options = options};
}

TEST(ConfigDifference, ARouterIsKnownByWhatItWrites) {
  const RouterConfig console{.type = "console"};
  const RouterConfig rendered{.type = "template", .kind = TemplateRouterConfig{.destination_file = "/a"}};
  const RouterConfig files{.type = "file", .kind = FileRouterConfig{.output_directory = "/out"}};
  EXPECT_THAT(places_of({haproxy("/a.cfg"), console, haproxy("/b.cfg"), console, rendered, files}),
              ElementsAre("haproxy /a.cfg", "console", "haproxy /b.cfg", "console 2", "template /a", "file /out"));
}

TEST(ConfigDifference, ServicesAreComparedByName) {
  const auto found = difference({service("a", 1), service("b", 2), service("c", 3)},
                                {service("c", 1), service("d", 2), service("b", 3, "check")});
  EXPECT_THAT(found.added, ElementsAre("d"));
  EXPECT_THAT(found.changed, ElementsAre("b"));
  EXPECT_THAT(found.removed, ElementsAre("a"));
  EXPECT_EQ(found.unchanged, 1U) << "another id is no change";
}

TEST(ConfigDifference, SomeKeysOnlyCountAtTheStart) {
  auto running = haproxy("/a.cfg");
  auto fresh = haproxy("/a.cfg");
  auto& changed = std::get<HaproxyRouterConfig>(fresh.kind);
  changed.global = {"maxconn 10"};
  changed.defaults = {"mode http"};
  changed.reload_min_interval = std::chrono::milliseconds(1);
  EXPECT_THAT(fixed_keys_changed(running, fresh), IsEmpty());
  changed.runtime_dir = "/run/other";
  changed.reload_command = {"reload"};
  changed.further_sockets = {"/run/other.sock"};
  EXPECT_THAT(fixed_keys_changed(running, fresh),
              ElementsAre("reloadCommand", "runtimeDir", "the stats socket in global"));
}

}  // namespace
}  // namespace synapse
