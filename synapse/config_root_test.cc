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

}  // namespace
}  // namespace synapse
