#include "nerve/config.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nerve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

ParsedConfig parse(const std::string& text, bool strict = false,
                   const std::map<std::string, std::string>& environment = {}) {
  ConfigSources sources;
  sources.environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  sources.files_of = [](const std::string& directory) -> common::Result<std::vector<common::ConfigFile>> {
    return common::fail("cannot read the directory " + directory + ": No such file or directory");
  };
  sources.address = [](const std::string& interface) -> common::Result<std::string> {
    if (interface.empty()) return "10.1.2.3";
    if (interface == "eth0") return "10.4.5.6";
    return common::fail("there is no interface " + interface + "; there are eth0, lo");
  };
  return parse_config(text, "n.yml", sources, strict);
}

// The one service of a good file.
ServiceConfig service(const std::string& text) {
  const auto parsed = parse(text);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_EQ(parsed.config.services.size(), 1u);
  return parsed.config.services.at(0);
}

TEST(Config, TheSmallestFileHasAllDefaults) {
  const auto parsed = parse("services:\n  - port: 8080\n");
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_THAT(parsed.diagnostics.warnings,
              ElementsAre("n.yml:2: services[0]: has no check: checking that its port opens (tcp)",
                          "n.yml:2: services[0]: has no reporter: reporting to the console"));
  const Config& config = parsed.config;
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.api_host, "127.0.0.1");
  EXPECT_EQ(config.api_port, 3454);
  EXPECT_EQ(config.api_socket, "");
  EXPECT_EQ(config.api_token_file, "");
  EXPECT_TRUE(config.api_legacy_get);
  EXPECT_EQ(config.max_exec_checks, 64);
  EXPECT_EQ(config.templated_config_path, "");
  ASSERT_EQ(config.services.size(), 1u);
  const ServiceConfig& service = config.services[0];
  EXPECT_EQ(service.name, "127.0.0.1:8080");
  EXPECT_EQ(service.host, "127.0.0.1");
  EXPECT_EQ(service.port, 8080);
  EXPECT_EQ(service.report_replay, milliseconds(1000));
  EXPECT_FALSE(service.exclude_from_global_disable);
  EXPECT_FALSE(service.no_metrics);
  ASSERT_EQ(service.checks.size(), 1u);
  const CheckConfig& check = service.checks[0];
  EXPECT_EQ(check.type, "tcp");
  EXPECT_EQ(check.host, "127.0.0.1");
  EXPECT_EQ(check.port, 8080);
  EXPECT_EQ(check.timeout, milliseconds(1000));
  EXPECT_EQ(check.interval, milliseconds(1000));
  EXPECT_EQ(check.thresholds, (Thresholds{3, 2}));
  ASSERT_EQ(service.reporters.size(), 1u);
  EXPECT_EQ(service.reporters[0].type, "console");
  const LifecycleSettings& life = service.lifecycle;
  EXPECT_EQ(life.weight, 255);
  EXPECT_FALSE(life.pre_available.given());
  EXPECT_EQ(life.pre_available.timeout, milliseconds(1000));
  EXPECT_EQ(life.check_stable.timeout, milliseconds(2000));
  EXPECT_EQ(life.check_stable_interval, milliseconds(1000));
  EXPECT_EQ(life.warmup_interval, milliseconds(2000));
  EXPECT_EQ(life.warmup_max_duration, milliseconds(60'000));
  EXPECT_EQ(life.disable_shutdown.timeout, milliseconds(30'000));
  EXPECT_EQ(life.disable_grace.timeout, milliseconds(1000));
  EXPECT_EQ(life.disable_min_duration, milliseconds(3000));
  EXPECT_EQ(life.disable_max_duration, milliseconds(60'000));
  EXPECT_TRUE(life.down_on_shutdown);
  common::Registration record;
  record.host = "127.0.0.1";
  record.port = 8080;
  record.name = "127.0.0.1:8080";
  EXPECT_EQ(life.record, record);
}

TEST(Config, CoreDumpsAreAnOperatorsWish) {
  const std::string rest = "\nservices: [{port: 1, checks: [{type: tcp}], reporters: [{type: console}]}]";
  EXPECT_FALSE(parse(rest).config.core_dumps);
  EXPECT_TRUE(parse("coreDumps: true" + rest).config.core_dumps);
  EXPECT_FALSE(parse("coreDumps: false" + rest).config.core_dumps);
  EXPECT_THAT(parse("coreDumps: 1" + rest).diagnostics.errors,
              ElementsAre("n.yml:1: coreDumps: must be true or false, got 1"));
}

TEST(Config, ReadsEveryKey) {
  const auto parsed = parse(R"(
logLevel: debug
apiHost: 0.0.0.0
apiPort: 4000
apiSocket: /run/nerve.sock
apiTokenFile: /etc/nerve.token
apiLegacyGet: false
maxExecChecks: 7
templatedConfigPath: /run/nerve.yml
services:
  - name: web
    host: 10.0.0.1
    port: 80
    preferIpv4: true
    weight: 100
    reporterServiceName: shown
    reportReplayInMilli: 1
    haproxyServerOptions: check inter 2s
    setServiceAsDownOnShutdown: false
    labels: {az: a, rack: 7}
    excludeFromGlobalDisable: true
    noMetrics: true
    preAvailableCommand: [/bin/pre, -x]
    preAvailableMaxDurationInMilli: 2
    enableCheckStableCommand: [/bin/stable]
    enableCheckStableMaxDurationInMilli: 3
    enableCheckStableIntervalInMilli: 4
    enableWarmupIntervalInMilli: 5
    enableWarmupMaxDurationInMilli: 115
    disableShutdownCommand: [/bin/stop]
    disableShutdownMaxDurationInMilli: 6
    disableGracefullyDoneCommand: [/bin/idle]
    disableGracefullyDoneIntervalInMilli: 7
    disableMinDurationInMilli: 0
    disableMaxDurationInMilli: 9
    checks:
      - {type: tcp, host: db.local, port: 81, timeoutInMilli: 10, rise: 1, fall: 4, checkIntervalInMilli: 11,
         fastIntervalInMilli: 3}
      - {type: http, path: health}
      - {type: exec, command: [/bin/check, --deep]}
    reporters:
      - type: console
      - {type: file, path: /run/report, append: true}
      - {type: file}
      - type: zookeeper
        hosts: [zk1, "zk2:2182"]
        path: /services/web/
        connectionTimeoutInMilli: 12
        refreshIntervalInMilli: 13
        exposeOnUnavailable: true
)",
                            true);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_THAT(parsed.diagnostics.warnings, IsEmpty());
  const Config& config = parsed.config;
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.api_host, "0.0.0.0");
  EXPECT_EQ(config.api_port, 4000);
  EXPECT_EQ(config.api_socket, "/run/nerve.sock");
  EXPECT_EQ(config.api_token_file, "/etc/nerve.token");
  EXPECT_FALSE(config.api_legacy_get);
  EXPECT_EQ(config.max_exec_checks, 7);
  EXPECT_EQ(config.templated_config_path, "/run/nerve.yml");
  ASSERT_EQ(config.services.size(), 1u);
  const ServiceConfig& service = config.services[0];
  EXPECT_EQ(service.name, "web");
  EXPECT_EQ(service.report_replay, milliseconds(1));
  EXPECT_TRUE(service.exclude_from_global_disable);
  EXPECT_TRUE(service.no_metrics);
  const LifecycleSettings& life = service.lifecycle;
  EXPECT_EQ(life.weight, 100);
  EXPECT_FALSE(life.down_on_shutdown);
  EXPECT_EQ(life.pre_available, (CommandSettings{{"/bin/pre", "-x"}, milliseconds(2)}));
  EXPECT_EQ(life.check_stable, (CommandSettings{{"/bin/stable"}, milliseconds(3)}));
  EXPECT_EQ(life.check_stable_interval, milliseconds(4));
  EXPECT_EQ(life.warmup_interval, milliseconds(5));
  EXPECT_EQ(life.warmup_max_duration, milliseconds(115));
  EXPECT_EQ(life.disable_shutdown, (CommandSettings{{"/bin/stop"}, milliseconds(6)}));
  EXPECT_EQ(life.disable_grace, (CommandSettings{{"/bin/idle"}, milliseconds(7)}));
  EXPECT_EQ(life.disable_min_duration, milliseconds(0));
  EXPECT_EQ(life.disable_max_duration, milliseconds(9));
  EXPECT_EQ(life.record.host, "10.0.0.1");
  EXPECT_EQ(life.record.port, 80);
  EXPECT_EQ(life.record.name, "shown");
  EXPECT_EQ(life.record.haproxy_server_options, "check inter 2s");
  EXPECT_EQ(life.record.labels, (std::map<std::string, std::string>{{"az", "a"}, {"rack", "7"}}));

  ASSERT_EQ(service.checks.size(), 3u);
  EXPECT_EQ(service.checks[0], (CheckConfig{.type = "tcp",
                                            .host = "db.local",
                                            .port = 81,
                                            .prefer_ipv4 = true,
                                            .timeout = milliseconds(10),
                                            .interval = milliseconds(11),
                                            .fast_interval = milliseconds(3),
                                            .thresholds = {1, 4},
                                            .options = TcpOptions{}}));
  EXPECT_EQ(service.checks[1].host, "10.0.0.1");
  EXPECT_EQ(service.checks[1].port, 80);
  EXPECT_EQ(std::get<HttpOptions>(service.checks[1].options).path, "/health");
  EXPECT_EQ(std::get<ExecOptions>(service.checks[2].options).command,
            (std::vector<std::string>{"/bin/check", "--deep"}));

  ASSERT_EQ(service.reporters.size(), 4u);
  EXPECT_EQ(std::get<FileOptions>(service.reporters[1].options), (FileOptions{"/run/report", true}));
  EXPECT_EQ(std::get<FileOptions>(service.reporters[2].options), (FileOptions{"/tmp/nerve.report", false}));
  EXPECT_EQ(std::get<ZookeeperOptions>(service.reporters[3].options),
            (ZookeeperOptions{"zk1:2181,zk2:2182", "/services/web", milliseconds(12), milliseconds(13), true}));
}

TEST(Config, ReadsJsonAndKeysInAnyCase) {
  const auto web = service(
      R"({"Services":[{"Name":"web","PORT":"80","checks":[{"type":"tcp"}],"reporters":[{"Type":"console"}]}]})");
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.port, 80);
}

TEST(Config, ZookeeperDefaults) {
  const auto web =
      service("services: [{port: 80, checks: [{type: tcp}], reporters: [{type: zookeeper, hosts: [zk], path: /a}]}]");
  EXPECT_EQ(std::get<ZookeeperOptions>(web.reporters[0].options),
            (ZookeeperOptions{"zk:2181", "/a", milliseconds(2000), milliseconds(300'000), false}));
}

TEST(Config, TheLongestWarmupFollowsItsInterval) {
  const auto web = service("services: [{port: 80, enableWarmupIntervalInMilli: 10}]");
  EXPECT_EQ(web.lifecycle.warmup_max_duration, milliseconds(300));
}

TEST(Config, ReplacesVariables) {
  const auto parsed = parse("services:\n  - {port: {{ .PORT }}, name: \"{{.NAME}}\"}\n", false,
                            {{"PORT", "80"}, {"NAME", "web-{{ .ZONE }}"}, {"ZONE", "b"}});
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_EQ(parsed.config.services.at(0).name, "web-b");
  EXPECT_EQ(parsed.expanded, "services:\n  - {port: 80, name: \"web-b\"}\n");
}

struct Bad {
  std::string text;
  std::vector<std::string> errors;
};

TEST(Config, SaysWhatIsWrongAndWhere) {
  const std::string ok = "checks: [{type: tcp}], reporters: [{type: console}]";
  const Bad cases[] = {
      {"", {"n.yml:1: must be a mapping, got nothing"}},
      {"a: [", {}},  // the parser's words, see below
      {"apiPort: 1", {"n.yml:1: services: there is no service"}},
      {"services: []", {"n.yml:1: services: there is no service"}},
      {"services: {}", {"n.yml:1: services: must be a list, got a mapping", "n.yml:1: services: there is no service"}},
      {"services:\n  - {name: x, " + ok + "}", {"n.yml:2: services[0].port: is missing"}},
      {"maxExecChecks: 0\nservices: [{port: 1, " + ok + "}]",
       {"n.yml:1: maxExecChecks: must be between 1 and 10000, got 0"}},
      {"services:\n  - {port: 0, " + ok + "}", {"n.yml:2: services[0].port: must be between 1 and 65535, got 0"}},
      {"services:\n  - {port: http, " + ok + "}", {"n.yml:2: services[0].port: must be a whole number, got \"http\""}},
      {"services:\n  - {port: 80, weight: 0, " + ok + "}",
       {"n.yml:2: services[0].weight: must be between 1 and 255, got 0"}},
      {"services:\n  - {port: 80, host: 'a b', " + ok + "}",
       {"n.yml:2: services[0].host: must be an IP address, a host name, auto, or auto:INTERFACE, got \"a b\""}},
      {"services:\n  - {port: 80, name: '', " + ok + "}", {"n.yml:2: services[0].name: must not be empty"}},
      {"services:\n  - {port: 80, name: a, " + ok + "}\n  - {port: 81, name: a, " + ok + "}",
       {"n.yml:3: services[1]: has the name \"a\" of services[0]; names must differ"}},
      {"services:\n  - {port: 80, name: my_api, checks: [{type: tcp}], reporters: [{type: zookeeper, hosts: ['z:1'], "
       "path: "
       "/a}]}\n  - {port: 80, name: my-api, checks: [{type: tcp}], reporters: [{type: zookeeper, hosts: ['z:1'], path: "
       "/a}]}",
       {"n.yml:3: services[1]: would have the same node in ZooKeeper as services[0]: /a/my-api_127.0.0.1_80; give it a "
        "name that differs in more than punctuation"}},
      {"services:\n  - {port: 80, preAvailableCommand: ls, " + ok + "}",
       {"n.yml:2: services[0].preAvailableCommand: must be a list, got a string"}},
      {"services:\n  - {port: 80, preAvailableCommand: [''], " + ok + "}",
       {"n.yml:2: services[0].preAvailableCommand: must name a program first"}},
      {"services:\n  - {port: 80, enableWarmupIntervalInMilli: 100, enableWarmupMaxDurationInMilli: 2299, " + ok + "}",
       {"n.yml:2: services[0].enableWarmupMaxDurationInMilli: must be at least 23 times enableWarmupIntervalInMilli, "
        "which is 2300, got 2299"}},
      {"services:\n  - port: 80\n    checks: [{}]\n    reporters: [{}]",
       {"n.yml:3: services[0].checks[0].type: is missing; known types: amqp, exec, grpc, http, https, kubernetes, "
        "noop, proxyhttp, rabbitmq, redis, sql, tcp",
        "n.yml:4: services[0].reporters[0].type: is missing; known types: console, file, zookeeper"}},
      {"services:\n  - port: 80\n    checks:\n      - type: htp\n    reporters:\n      - type: zokeeper",
       {"n.yml:4: services[0].checks[0].type: must be one of amqp, exec, grpc, http, https, kubernetes, noop, "
        "proxyhttp, rabbitmq, redis, sql, tcp, got \"htp\"; did you mean \"http\"?",
        "n.yml:6: services[0].reporters[0].type: must be one of console, file, zookeeper, got \"zokeeper\"; did you "
        "mean \"zookeeper\"?"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n      - {type: exec}",
       {"n.yml:5: services[0].checks[0]: an exec check needs a command: a list of the program and its arguments"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n      - {type: exec, command: []}",
       {"n.yml:5: services[0].checks[0].command: must name a program first"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n      - {type: http, path: 'a b'}",
       {"n.yml:5: services[0].checks[0].path: must not contain a space, a '#' or a control character; write it "
        "percent-encoded"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n"
       "      - {type: tcp, timeoutInMilli: 0, rise: 0, fall: 1001, port: 99999, host: '-'}",
       {"n.yml:5: services[0].checks[0].host: must be an IP address or a host name, got \"-\"",
        "n.yml:5: services[0].checks[0].port: must be between 1 and 65535, got 99999",
        "n.yml:5: services[0].checks[0].timeoutInMilli: must be at least 1, got 0",
        "n.yml:5: services[0].checks[0].rise: must be between 1 and 1000, got 0",
        "n.yml:5: services[0].checks[0].fall: must be between 1 and 1000, got 1001"}},
      {"services:\n  - port: 80\n    checks: [{type: tcp}]\n    reporters:\n      - {type: zookeeper}",
       {"n.yml:5: services[0].reporters[0]: a zookeeper reporter needs hosts: a list of host:port",
        "n.yml:5: services[0].reporters[0].path: is missing"}},
      {"services:\n  - port: 80\n    checks: [{type: tcp}]\n    reporters:\n"
       "      - {type: zookeeper, hosts: [a], path: services}",
       {"n.yml:5: services[0].reporters[0].path: must start with '/', got \"services\""}},
      {"services:\n  - port: 80\n    checks: [{type: tcp}]\n    reporters:\n      - {type: file, path: ''}",
       {"n.yml:5: services[0].reporters[0].path: must not be empty"}},
      {"logLevel: loud\nservices: [{port: 80, " + ok + "}]",
       {"n.yml:1: logLevel: must be one of trace, debug, info, warn, error, fatal, panic, got \"loud\""}},
      {"apiHost: example.org\nservices: [{port: 80, " + ok + "}]",
       {"n.yml:1: apiHost: must be an IP address, got \"example.org\"; 0.0.0.0 means all interfaces"}},
      {"apiSocket: /" + std::string(107, 's') + "\nservices: [{port: 80, " + ok + "}]",
       {"n.yml:1: apiSocket: must be at most 107 bytes long, got 108"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n"
       "      - {type: tcp, checkIntervalInMilli: 500, fastIntervalInMilli: 501}",
       {"n.yml:5: services[0].checks[0].fastIntervalInMilli: must not be longer than checkIntervalInMilli, which is "
        "500, got 501"}},
      {"services:\n  - port: 80\n    reporters: [{type: console}]\n    checks:\n"
       "      - {type: sql, driver: mssql, request: ' '}\n"
       "      - {type: sql, datasource: 'root:hunter2@tcp(db:3306)'}\n"
       "      - {type: sql, driver: postgres, datasource: 'hunter2'}",
       {"n.yml:5: services[0].checks[0].driver: must be one of mysql, postgres, got \"mssql\"; did you mean \"mysql\"?",
        "n.yml:5: services[0].checks[0].request: must not be empty",
        "n.yml:6: services[0].checks[1].datasource: must have a '/' before the database, also without one; the form is "
        "user:password@tcp(host:port)/database?key=value",
        "n.yml:7: services[0].checks[2].datasource: must be a URL, or words of the form key=value"}},
      {"services: [{port: {{ .NOPE }}, " + ok + "}]", {}},
  };
  for (const Bad& bad : cases) {
    const auto parsed = parse(bad.text);
    EXPECT_FALSE(parsed.diagnostics.ok()) << bad.text;
    if (!bad.errors.empty()) {
      EXPECT_EQ(parsed.diagnostics.errors, bad.errors) << bad.text;
    } else {
      EXPECT_EQ(parsed.diagnostics.errors.size(), 1u) << bad.text;
    }
  }
}

TEST(Config, NamesTheUndefinedVariable) {
  const auto parsed = parse("services:\n  - port: {{ .NOPE }}\n");
  ASSERT_EQ(parsed.diagnostics.errors.size(), 1u);
  EXPECT_THAT(parsed.diagnostics.errors[0], testing::HasSubstr("n.yml:2: "));
  EXPECT_THAT(parsed.diagnostics.errors[0], testing::HasSubstr("NOPE"));
}

TEST(Config, UnknownKeysAreWarningsUnlessStrict) {
  const std::string text =
      "servicesDri: x\nservices:\n  - port: 80\n    wieght: 1\n    checks: [{type: tcp, paht: /}]\n"
      "    reporters: [{type: console}]\n";
  const std::vector<std::string> told{
      "n.yml:5: services[0].checks[0]: unknown key \"paht\"",
      "n.yml:4: services[0]: unknown key \"wieght\"; did you mean \"weight\"?",
      "n.yml:1: unknown key \"servicesDri\"; did you mean \"servicesDir\"?",
  };
  EXPECT_EQ(parse(text).diagnostics.warnings, told);
  EXPECT_TRUE(parse(text).diagnostics.ok());
  EXPECT_EQ(parse(text, true).diagnostics.errors, told);
}

TEST(Config, WhatIsNotUnknownStaysAWarningWhenStrict) {
  const auto parsed = parse("services: [{port: 80}]", true);
  EXPECT_TRUE(parsed.diagnostics.ok());
  EXPECT_EQ(parsed.diagnostics.warnings.size(), 2u);
}

TEST(Config, WarnsOfWhatSynapseWouldRefuse) {
  const auto parsed = parse(
      "services:\n  - port: 80\n    name: a b\n    haproxyServerOptions: check bogus\n"
      "    checks: [{type: tcp}]\n    reporters: [{type: console}]\n");
  EXPECT_TRUE(parsed.diagnostics.ok());
  ASSERT_EQ(parsed.diagnostics.warnings.size(), 2u);
  EXPECT_THAT(parsed.diagnostics.warnings[0],
              testing::StartsWith("n.yml:2: services[0]: the name \"a b\" is no HAProxy server name"));
  EXPECT_THAT(parsed.diagnostics.warnings[1],
              testing::StartsWith("n.yml:4: services[0].haproxyServerOptions: synapse will refuse this: "));
}

}  // namespace
}  // namespace nerve
