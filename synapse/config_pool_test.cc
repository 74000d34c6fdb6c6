// What a service says about its servers: filters, port, default servers, near and far.
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/config.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Condition = LabelFilter::Condition;

const std::map<std::string, std::string> kEnvironment{{"AZ", "eu-1"}, {"HOLLOW", ""}};

// The keys of a service stand from line 5 on.
ParsedConfig parse(const std::string& keys) {
  ParseOptions options;
  options.environment = [](const std::string& name) {
    const auto found = kEnvironment.find(name);
    return found == kEnvironment.end() ? std::nullopt : std::optional(found->second);
  };
  return parse_config(
      "routers:\n- type: console\n  services:\n  - watcher: {type: zookeeper, hosts: [zk1], path: /web}\n" + keys,
      "s.yml", options);
}

PoolRules good(const std::string& keys) {
  const auto parsed = parse(keys);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_THAT(parsed.diagnostics.warnings, IsEmpty());
  return parsed.config ? parsed.config->routers[0].services[0].pool : PoolRules();
}

// Without the part in front that is always the same.
std::vector<std::string> errors(const std::string& keys) {
  const std::string path = " routers[0].services[0].";
  auto result = parse(keys).diagnostics.errors;
  for (auto& error : result) {
    if (const auto at = error.find(path); at != std::string::npos) error.erase(at, path.size());
  }
  return result;
}

TEST(ConfigPool, HasDefaults) {
  EXPECT_EQ(good(""), PoolRules());
}

TEST(ConfigPool, ReadsEverything) {
  const auto rules = good(
      "    labelFilters:\n"
      "    - {label: az, value: a, condition: equals}\n"
      "    - {label: az, value: b}\n"
      "    - {label: canary, value: yes, condition: not-equals}\n"
      "    - {label: rack, values: [1, 2], condition: in}\n"
      "    - {label: rack, values: [3, 4], condition: not-equals}\n"
      "    - {label: owner, condition: exists}\n"
      "    portOverride: 443\n"
      "    defaultServers: [{name: d, host: 10.0.0.1, port: 80}, {socket: /run/d.sock}]\n"
      "    keepDefaultServers: true\n"
      "    prefer: {label: az, value: a, otherwise: weight 10}\n");
  EXPECT_THAT(
      rules.label_filters,
      ElementsAre(LabelFilter{"az", Condition::one_of, {"a"}}, LabelFilter{"az", Condition::one_of, {"b"}},
                  LabelFilter{"canary", Condition::none_of, {"yes"}},
                  LabelFilter{"rack", Condition::one_of, {"1", "2"}},
                  LabelFilter{"rack", Condition::none_of, {"3", "4"}}, LabelFilter{"owner", Condition::exists, {}}));
  EXPECT_EQ(rules.port_override, 443);
  ASSERT_EQ(rules.default_servers.size(), 2u);
  EXPECT_EQ(rules.default_servers[0].registration->host, "10.0.0.1");
  EXPECT_EQ(rules.default_servers[0].child, "defaultServers[0]");
  EXPECT_EQ(rules.default_servers[1].socket, "/run/d.sock");
  EXPECT_TRUE(rules.keep_default_servers);
  EXPECT_EQ(rules.prefer, (Preference{"az", "a", 10}));
}

TEST(ConfigPool, PrefersWithBackupsAndByTheEnvironment) {
  EXPECT_EQ(good("    prefer: {label: az, value: a}\n").prefer, (Preference{"az", "a", std::nullopt}));
  EXPECT_EQ(good("    prefer: {label: az, value: 'zone-{{ .AZ }}', otherwise: backup}\n").prefer,
            (Preference{"az", "zone-eu-1", std::nullopt}));
}

TEST(ConfigPool, SaysWhatIsWrongWithAFilter) {
  EXPECT_THAT(errors("    labelFilters:\n    - {value: a}\n    - {label: a}\n    - {label: a, values: []}\n"
                     "    - {label: a, value: b, values: [c]}\n    - {label: a, value: b, condition: exists}\n"
                     "    - {label: a, value: b, condition: equal}\n    - x\n"),
              ElementsAre("s.yml:6:labelFilters[0].label: is missing", "s.yml:7:labelFilters[1].value: is missing",
                          "s.yml:8:labelFilters[2].values: must name at least one value",
                          "s.yml:9:labelFilters[3].values: takes the place of value: give one or the other",
                          "s.yml:10:labelFilters[4].value: is not looked at when the condition is exists; leave it out",
                          "s.yml:11:labelFilters[5].condition: must be one of equals, not-equals, in, exists, got "
                          "\"equal\"; did you mean \"equals\"?",
                          "s.yml:12:labelFilters[6]: must be a mapping, got a string"));
  EXPECT_THAT(errors("    labelFilters: {label: a}\n"),
              ElementsAre("s.yml:5:labelFilters: must be a list, got a mapping"));
}

TEST(ConfigPool, SaysWhatIsWrongWithAPreference) {
  const std::string otherwise =
      "s.yml:5:prefer.otherwise: must be \"backup\" or \"weight N\" with N between 1 and 256, got ";
  for (const std::string word : {"weight", "weight 0", "weight 257", "weight 1x", "last", "weight -1"}) {
    EXPECT_THAT(errors("    prefer: {label: az, value: a, otherwise: " + word + "}\n"),
                ElementsAre(otherwise + "\"" + word + "\""));
  }
  EXPECT_THAT(errors("    prefer: {otherwise: backup}\n"),
              ElementsAre("s.yml:5:prefer.label: is missing", "s.yml:5:prefer.value: is missing"));
  EXPECT_THAT(errors("    prefer: {label: az, value: '{{.NOWHERE}}'}\n"),
              ElementsAre("s.yml:5:prefer.value: environment variable NOWHERE is not defined"));
  EXPECT_THAT(errors("    prefer: {label: az, value: '{{.HOLLOW}}'}\n"),
              ElementsAre("s.yml:5:prefer.value: must not be empty, but {{.HOLLOW}} is"));
}

TEST(ConfigPool, SaysWhatIsWrongWithTheOthers) {
  EXPECT_THAT(errors("    portOverride: 0\n    defaultServers: [a]\n    keepDefaultServers: maybe\n"),
              ElementsAre("s.yml:5:portOverride: must be between 1 and 65535, got 0",
                          "s.yml:6:defaultServers[0]: must be host:port ([...]:port for IPv6) or a mapping, got \"a\"",
                          "s.yml:7:keepDefaultServers: must be true or false, got \"maybe\""));
  EXPECT_THAT(parse("    keepDefaultServers: true\n").diagnostics.warnings,
              ElementsAre("s.yml:5: routers[0].services[0].keepDefaultServers: has no effect without defaultServers"));
}

}  // namespace
}  // namespace synapse
