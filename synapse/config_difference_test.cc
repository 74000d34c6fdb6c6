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

TEST(ConfigDifference, TwoRoutersMayNeedTheSameThing) {
  const auto with = [](const std::string& file, const std::string& directory, std::vector<std::string> reload,
                       const std::string& socket, std::vector<std::string> further = {}) {
    HaproxyRouterConfig config{.config_path = file, .reload_command = std::move(reload)};
    config.runtime_dir = directory;
    config.socket_path = socket;
    config.further_sockets = std::move(further);
    return RouterConfig{.type = "haproxy", .kind = config};
  };
  const auto own = with("/a.cfg", "/run/a", {}, "/run/a/haproxy.sock");
  EXPECT_TRUE(takes_the_same(own, own));
  EXPECT_TRUE(takes_the_same(own, with("/b.cfg", "/run/a", {}, "/run/a/haproxy.sock"))) << "its directory";
  EXPECT_TRUE(takes_the_same(own, with("/a.cfg", "/run/b", {"r"}, "/run/b/haproxy.sock"))) << "its file";
  EXPECT_FALSE(takes_the_same(own, with("/b.cfg", "/run/b", {}, "/run/b/haproxy.sock")));
  const auto others = with("/b.cfg", "/run/a", {"r"}, "/run/1", {"/run/2"});
  EXPECT_FALSE(takes_the_same(own, others)) << "which has no directory";
  EXPECT_TRUE(takes_the_same(others, with("/c.cfg", "", {"r"}, "/run/2"))) << "one of its sockets";
  EXPECT_FALSE(takes_the_same(with("/b.cfg", "", {"r"}, ""), with("/c.cfg", "", {"r"}, ""))) << "no socket is none";
  const RouterConfig files{.type = "file", .kind = FileRouterConfig{.output_directory = "/out"}};
  EXPECT_TRUE(takes_the_same(files, files));
  EXPECT_FALSE(takes_the_same(files, own));
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
