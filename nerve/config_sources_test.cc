// What a configuration takes from outside of its text: other files, addresses, the environment.
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nerve/config.h"

namespace nerve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kQuiet = "checks: [{type: tcp}], reporters: [{type: console}]";

struct World {
  std::map<std::string, std::vector<common::ConfigFile>> directories;
  std::map<std::string, std::string> environment;
  std::string outward = "10.1.2.3";
  std::set<std::string> readable_by_others = {};

  ParsedConfig parse(const std::string& text) const {
    ConfigSources sources;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    sources.files_of = [this](const std::string& directory) -> common::Result<std::vector<common::ConfigFile>> {
      const auto found = directories.find(directory);
      if (found == directories.end()) return common::fail("cannot read the directory " + directory);
      return found->second;
    };
    sources.address = [this](const std::string& interface) -> common::Result<std::string> {
      if (interface.empty()) return outward;
      if (interface == "eth0") return "10.4.5.6";
      return common::fail("there is no interface " + interface + "; there are eth0, lo");
    };
    sources.readable_by_others = [this](const std::string& file) { return readable_by_others.contains(file); };
    return parse_config(text, "/etc/nerve/n.yml", sources, false);
  }
};

std::vector<std::string> names_of(const ParsedConfig& parsed) {
  std::vector<std::string> names;
  for (const auto& service : parsed.config.services) names.push_back(service.name);
  return names;
}

TEST(ConfigSources, TakesTheServicesOfADirectory) {
  const World world{.directories = {{"/etc/nerve/services",
                                     {{"a.yml", "{name: a, port: {{ .PORT }}, " + kQuiet + "}"},
                                      {"b.json", "{\"name\": \"b\", \"port\": 2, " + kQuiet + "}"}}}},
                    .environment = {{"PORT", "81"}}};
  const auto parsed = world.parse("servicesDir: services\nservices: [{name: c, port: 3, " + kQuiet + "}]");
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_THAT(parsed.diagnostics.warnings, IsEmpty());
  EXPECT_THAT(names_of(parsed), ElementsAre("c", "a", "b"));
  EXPECT_EQ(parsed.config.services[1].port, 81);
  EXPECT_EQ(parsed.config.services_dir, "/etc/nerve/services");
  EXPECT_THAT(parsed.shown, HasSubstr("\"name\": \"b\""));
}

TEST(ConfigSources, WarnsOfSecretsInFilesThatOthersRead) {
  const std::string redis = "checks: [{type: redis, password: '";
  const std::string rest = "'}], reporters: [{type: console}]}";
  World world{.directories = {{"/etc/nerve/services",
                               {{"a.yml", "{name: a, port: 1, " + redis + "hunter2" + rest},
                                {"b.yml", "{name: b, port: 2, " + redis + "{{ .PW }}" + rest},
                                {"c.yml", "{name: c, port: 3, " + redis + "hunter2" + rest}}}},
              .environment = {{"PW", "hunter2"}},
              .readable_by_others = {"/etc/nerve/n.yml", "a.yml", "b.yml"}};
  const std::string text = "servicesDir: services\nservices: [{name: d, port: 4, " + redis + "hunter2" + rest + "]";
  const auto parsed = world.parse(text);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  const std::string words = ": a secret, as it seems, in a file that others may read; run: chmod 600 ";
  EXPECT_THAT(parsed.diagnostics.warnings,
              ElementsAre("/etc/nerve/n.yml:2: services[0].checks[0].password" + words + "/etc/nerve/n.yml",
                          "a.yml:1: checks[0].password" + words + "a.yml"));
}

TEST(ConfigSources, CollectsTheErrorsOfAllFiles) {
  const World world{
      .directories = {
          {"/d",
           {{"/d/a.yml", "name: a\nport: 0\n" + std::string("checks: [{type: tcp}]\nreporters: [{type: console}]")},
            {"/d/b.yml", "{name: c, port: 2, " + kQuiet + "}"},
            {"/d/c.yml", "port: ["},
            {"/d/d.yml", "[]"}}}}};
  const auto parsed = world.parse("servicesDir: /d\nservices: [{name: c, port: 3, " + kQuiet + "}]");
  ASSERT_EQ(parsed.diagnostics.errors.size(), 4u) << testing::PrintToString(parsed.diagnostics.errors);
  EXPECT_EQ(parsed.diagnostics.errors[0], "/d/a.yml:2: port: must be between 1 and 65535, got 0");
  EXPECT_EQ(parsed.diagnostics.errors[1], "/d/b.yml:1: has the name \"c\" of services[0]; names must differ");
  EXPECT_THAT(parsed.diagnostics.errors[2], HasSubstr("/d/c.yml:1"));
  EXPECT_THAT(parsed.diagnostics.errors[3], HasSubstr("/d/d.yml:1"));
}

TEST(ConfigSources, AnEmptyDirectoryIsNoErrorButAMissingOneIs) {
  const World world{.directories = {{"/d", {}}}};
  EXPECT_THAT(world.parse("servicesDir: /d").diagnostics.errors, IsEmpty());
  EXPECT_THAT(world.parse("servicesDir: /d").diagnostics.warnings,
              ElementsAre("/etc/nerve/n.yml:1: there is no service yet; each .yml, .yaml or .json file in /d is one"));
  EXPECT_THAT(world.parse("servicesDir: /nosuch").diagnostics.errors,
              ElementsAre("/etc/nerve/n.yml:1: servicesDir: cannot read the directory /nosuch"));
}

TEST(ConfigSources, FingerprintsAllTexts) {
  World world{.directories = {{"/d", {{"a", "{name: a, port: 1, " + kQuiet + "}"}}}}};
  const auto before = world.parse("servicesDir: /d").fingerprint;
  EXPECT_EQ(world.parse("servicesDir: /d").fingerprint, before);
  world.directories["/d"][0].text = "{name: a, port: 2, " + kQuiet + "}";
  EXPECT_NE(world.parse("servicesDir: /d").fingerprint, before);
}

TEST(ConfigSources, FingerprintsTheAddressOfThisMachine) {
  World world;
  const std::string text = "services: [{port: 1, host: auto, " + kQuiet + "}]";
  const auto before = world.parse(text).fingerprint;
  EXPECT_EQ(world.parse(text).fingerprint, before);
  world.outward = "10.1.2.4";
  EXPECT_NE(world.parse(text).fingerprint, before);
}

TEST(ConfigSources, FingerprintsPasswordsInOtherFilesAndNamesThose) {
  const std::string path = testing::TempDir() + "config-sources-password-" + std::to_string(::getpid());
  const std::string text =
      "apiTokenFile: /run/token\nservices: [{port: 1, host: 10.0.0.1, checks: [{type: tcp}], "
      "reporters: [{type: zookeeper, hosts: [zk], path: /s, auth: {username: u, passwordFile: " +
      path + "}}]}]";
  std::ofstream(path) << "one\n";
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const auto before = World{}.parse(text);
  EXPECT_THAT(before.diagnostics.errors, IsEmpty());
  EXPECT_THAT(other_files(before.config), testing::UnorderedElementsAre("/run/token", path));
  EXPECT_EQ(World{}.parse(text).fingerprint, before.fingerprint);
  std::ofstream(path) << "two\n";
  EXPECT_NE(World{}.parse(text).fingerprint, before.fingerprint);
  std::remove(path.c_str());
}

TEST(ConfigSources, FindsTheAddressOfThisMachine) {
  const auto parsed = World{}.parse("services: [{port: 1, host: auto, " + kQuiet + "}, {port: 2, host: 'auto:eth0', " +
                                    kQuiet + "}, {port: 3, host: 'auto:eth9', " + kQuiet + "}]");
  EXPECT_THAT(
      parsed.diagnostics.errors,
      ElementsAre("/etc/nerve/n.yml:1: services[2].host: auto:eth9: there is no interface eth9; there are eth0, lo"));
  EXPECT_EQ(parsed.config.services[0].host, "10.1.2.3");
  EXPECT_EQ(parsed.config.services[0].name, "10.1.2.3:1");
  EXPECT_EQ(parsed.config.services[0].lifecycle.record.host, "10.1.2.3");
  EXPECT_EQ(parsed.config.services[0].checks[0].host, "10.1.2.3");
  EXPECT_EQ(parsed.config.services[1].host, "10.4.5.6");
}

TEST(ConfigSources, WarnsOnceOfLoopbackInZookeeper) {
  const std::string zookeeper = "checks: [{type: tcp}], reporters: [{type: zookeeper, hosts: [zk], path: /s}]";
  const auto warnings = World{}
                            .parse("services: [{port: 1, " + kQuiet + "}, {port: 2, host: 10.0.0.1, " + zookeeper +
                                   "}, {port: 3, " + zookeeper + "}, {port: 4, host: localhost, " + zookeeper + "}]")
                            .diagnostics.warnings;
  EXPECT_THAT(warnings, ElementsAre("/etc/nerve/n.yml:1: services[2] and 1 more announce a loopback address in "
                                    "ZooKeeper, which other machines cannot reach; set host to an address, or to auto "
                                    "for that of this machine"));
}

TEST(ConfigSources, KeepsItsStateWhereTheEnvironmentSays) {
  World world;
  const std::string services = "services: [{port: 1, " + kQuiet + "}]";
  EXPECT_EQ(world.parse(services).config.state_path, "/run/nerve/nerve-3454.json");
  world.environment = {{"RUNTIME_DIRECTORY", "/run/x"}};
  EXPECT_EQ(world.parse("apiPort: 7\n" + services).config.state_path, "/run/x/nerve-7.json");
  EXPECT_EQ(world.parse("apiPort: 0\n" + services).config.state_path, "");
  EXPECT_EQ(world.parse("statePath: /s\n" + services).config.state_path, "/s");
  EXPECT_EQ(world.parse("statePath: ''\n" + services).config.state_path, "");
}

TEST(ConfigSources, ReadsTheRateLimit) {
  const auto limit = [](const std::string& keys) {
    return World{}.parse("services: [{port: 1, rateLimiting: {" + keys + "}, " + kQuiet + "}]");
  };
  EXPECT_EQ(limit("averageRate: 0.5, maxBurst: 3, shadowMode: true").config.services[0].lifecycle.rate_limit,
            (RateLimit{.average_rate = 0.5, .max_burst = 3, .shadow_mode = true}));
  EXPECT_THAT(limit("averageRate: 0").diagnostics.errors,
              ElementsAre("/etc/nerve/n.yml:1: services[0].rateLimiting.averageRate: must be a number between 0.001 "
                          "and 1000000, got \"0\""));
  EXPECT_THAT(limit("maxBurst: some").diagnostics.errors, testing::SizeIs(1));
}

}  // namespace
}  // namespace nerve
