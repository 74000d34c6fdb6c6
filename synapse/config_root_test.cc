// What stands at the root of synapse's configuration, and who may read its files.
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/config.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kService = "{name: web, watcher: {type: fixed, servers: ['127.0.0.1:1']}}";

struct World {
  std::vector<common::ConfigFile> service_files = {};
  std::set<std::string> readable_by_others = {};

  ParsedConfig parse(const std::string& text) const {
    ParseOptions options;
    options.files_of = [this](const std::string&) { return service_files; };
    options.readable_by_others = [this](const std::string& file) { return readable_by_others.contains(file); };
    return parse_config(text, "/etc/synapse/s.yml", options);
  }
};

TEST(ConfigRoot, WarnsOfSecretsInFilesThatOthersRead) {
  const std::string secret =
      "{name: web, watcher: {type: fixed, servers: ['127.0.0.1:1']}, routerOptions: "
      "{backend: ['http-request set-header Authorization hunter2']}}";
  World world{.service_files = {{"a.yml", secret}}, .readable_by_others = {"a.yml"}};
  const std::string text = "routers: [{type: haproxy, servicesDir: d, global: ['stats auth bob:hunter2']}]";
  const std::string words = ": a secret, as it seems, in a file that others may read; run: chmod 600 ";
  EXPECT_THAT(world.parse(text).diagnostics.warnings,
              ElementsAre("a.yml:1: routerOptions.backend[0]" + words + "a.yml"));
  world.readable_by_others = {"/etc/synapse/s.yml"};
  EXPECT_THAT(world.parse(text).diagnostics.warnings,
              ElementsAre("/etc/synapse/s.yml:1: routers[0].global[0]" + words + "/etc/synapse/s.yml"));
  world.readable_by_others = {};
  EXPECT_THAT(world.parse(text).diagnostics.warnings, IsEmpty());
}

TEST(ConfigRoot, CoreDumpsAreAnOperatorsWish) {
  const World world;
  const std::string rest = "\nrouters: [{type: console, services: [" + kService + "]}]";
  EXPECT_FALSE(world.parse(rest).config.value().core_dumps);
  EXPECT_TRUE(world.parse("coreDumps: true" + rest).config.value().core_dumps);
  EXPECT_FALSE(world.parse("coreDumps: false" + rest).config.value().core_dumps);
  EXPECT_THAT(world.parse("coreDumps: 1" + rest).diagnostics.errors,
              ElementsAre("/etc/synapse/s.yml:1: coreDumps: must be true or false, got 1"));
}

TEST(ConfigRoot, MaxServersIsANumberOfServers) {
  const World world;
  const auto with = [&](const std::string& value) {
    return world.parse("routers: [{type: console, services: [{name: web, maxServers: " + value +
                       ", watcher: {type: fixed, servers: ['127.0.0.1:1']}}]}]");
  };
  const auto of = [](const ParsedConfig& parsed) {
    return parsed.config.value().routers.at(0).services.at(0).pool.max_servers;
  };
  EXPECT_EQ(of(world.parse("routers: [{type: console, services: [" + kService + "]}]")), 5000u);
  EXPECT_EQ(of(with("1")), 1u);
  EXPECT_EQ(of(with("1000000")), 1'000'000u);
  for (const auto* value : {"0", "-1", "1000001"}) {
    EXPECT_THAT(with(value).diagnostics.errors,
                ElementsAre("/etc/synapse/s.yml:1: routers[0].services[0].maxServers: must be between 1 and 1000000, "
                            "got " +
                            std::string(value)));
  }
  EXPECT_EQ(with("many").diagnostics.errors.size(), 1u);
}

}  // namespace
}  // namespace synapse
