#include "synapse/config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

ParsedConfig parse(const std::string& text, bool strict = false) {
  ParseOptions options;
  options.strict = strict;
  return parse_config(text, "s.yml", options);
}

Config good(const std::string& text) {
  auto parsed = parse(text, true);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  return parsed.config.value_or(Config());
}

std::vector<std::string> errors(const std::string& text) {
  auto parsed = parse(text);
  EXPECT_FALSE(parsed.config.has_value());
  return parsed.diagnostics.errors;
}

// A configuration of one service: what is wrong with it is found in line 4 and below.
std::string with_service(const std::string& lines, const std::string& type = "haproxy") {
  return "routers:\n- type: " + type + "\n  services:\n" + lines;
}

const std::string kWatcher = "watcher: {type: zookeeper, hosts: [zk1], path: /services/web}";

TEST(Config, TheSmallestOneHasAllDefaults) {
  const auto config = good(with_service("  - " + kWatcher + "\n    port: 8080\n"));
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.api_host, "127.0.0.1");
  EXPECT_EQ(config.api_port, 3455);
  ASSERT_EQ(config.routers.size(), 1u);
  const auto& router = config.routers[0];
  EXPECT_EQ(router.type, "haproxy");
  EXPECT_EQ(router.events_buffer_duration, milliseconds(500));
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.kind);
  EXPECT_TRUE(haproxy.runs_haproxy());
  EXPECT_EQ(haproxy.runtime_dir, "/run/synapse");
  EXPECT_EQ(haproxy.config_path, "/run/synapse/haproxy.cfg");
  EXPECT_EQ(haproxy.socket_path, "/run/synapse/haproxy.sock");
  EXPECT_EQ(haproxy.haproxy_binary, "haproxy");
  EXPECT_EQ(haproxy.reload_min_interval, milliseconds(500));
  EXPECT_EQ(haproxy.reload_timeout, milliseconds(1000));
  EXPECT_EQ(haproxy.cleanup_timeout, milliseconds(35'000));
  EXPECT_EQ(haproxy.shutdown_timeout, milliseconds(10'000));
  EXPECT_THAT(haproxy.global, IsEmpty());
  ASSERT_EQ(router.services.size(), 1u);
  const auto& service = router.services[0];
  EXPECT_EQ(service.name, "services_web");
  EXPECT_EQ(service.proxy_name(), "services_web_1");
  EXPECT_EQ(std::get<ZookeeperWatcherConfig>(service.watcher).timeout, milliseconds(2000));
  EXPECT_EQ(service.sort, ServerSort::random);
  EXPECT_EQ(service.correlation, std::nullopt);
  EXPECT_EQ(service.bind_address, "127.0.0.1");
  EXPECT_EQ(service.port, 8080);
  EXPECT_EQ(service.mode, "");
  EXPECT_TRUE(service.declare_empty);
}

TEST(Config, ReadsWhatGoSynapseHas) {
  const auto config = good(R"(
logLevel: debug
apiHost: 0.0.0.0
apiPort: 3456
apiSocket: /run/synapse/api.sock
routers:
  - type: console
    eventsBufferDurationInMilli: 100
    services:
      - watcher: {type: zookeeper, hosts: [zk1], path: /services/web/}
        serverSort: NAME
  - type: haproxy
    configPath: /tmp/hap.config
    reloadCommand: [./reload.sh, now]
    reloadMinIntervalInMilli: 1000
    reloadTimeoutInMilli: 2000
    statePath: /tmp/hap.state
    cleanupCommand: [./clean.sh]
    cleanupTimeoutInMilli: 3000
    global:
      - stats   socket /tmp/hap.socket level admin
      - maxconn 1000
    defaults:
      - log global
    listen:
      stats:
        - mode http
        - bind *:1936
    frontend:
      web: [bind 127.0.0.1:80, default_backend api_2]
    backend:
      other: []
    services:
      - name: api
        watcher:
          type: zookeeper
          hosts: ['192.168.1.2:2181', zk2]
          path: /services/api
          timeoutInMilli: 3000
        serverSort: date
        serverCorrelation:
          type: excludeServer
          otherServiceName: services_es
          scope: first
        serverOptions: cookie {{sha1String .Name}} check inter 2s
        routerOptions:
          frontend: [mode http, bind 127.0.0.1:5679]
          backend: [mode http]
      - watcher: {type: zookeeper, hosts: [zk1], path: /services/es}
)");
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.api_host, "0.0.0.0");
  EXPECT_EQ(config.api_port, 3456);
  EXPECT_EQ(config.api_socket, "/run/synapse/api.sock");
  ASSERT_EQ(config.routers.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<ConsoleRouterConfig>(config.routers[0].kind));
  EXPECT_EQ(config.routers[0].events_buffer_duration, milliseconds(100));
  EXPECT_EQ(config.routers[0].services[0].sort, ServerSort::name);
  EXPECT_EQ(std::get<ZookeeperWatcherConfig>(config.routers[0].services[0].watcher).path, "/services/web");

  HaproxyRouterConfig haproxy;
  haproxy.config_path = "/tmp/hap.config";
  haproxy.reload_command = {"./reload.sh", "now"};
  haproxy.reload_min_interval = milliseconds(1000);
  haproxy.reload_timeout = milliseconds(2000);
  haproxy.cleanup_command = {"./clean.sh"};
  haproxy.cleanup_timeout = milliseconds(3000);
  haproxy.state_path = "/tmp/hap.state";
  haproxy.socket_path = "/tmp/hap.socket";
  haproxy.global = {"stats   socket /tmp/hap.socket level admin", "maxconn 1000"};
  haproxy.defaults = {"log global"};
  haproxy.listen = {{"stats", {"mode http", "bind *:1936"}}};
  haproxy.frontend = {{"web", {"bind 127.0.0.1:80", "default_backend api_2"}}};
  haproxy.backend = {{"other", {}}};
  EXPECT_EQ(std::get<HaproxyRouterConfig>(config.routers[1].kind), haproxy);

  ServiceConfig service;
  service.name = "api";
  service.id = 2;
  service.watcher = ZookeeperWatcherConfig{
      .hosts = {"192.168.1.2:2181", "zk2"}, .path = "/services/api", .timeout = milliseconds(3000)};
  service.sort = ServerSort::date;
  service.correlation = ServerCorrelation{"services_es"};
  service.server_options = "cookie {{sha1String .Name}} check inter 2s";
  service.frontend_lines = {"mode http", "bind 127.0.0.1:5679"};
  service.backend_lines = {"mode http"};
  EXPECT_EQ(config.routers[1].services[0], service);
  EXPECT_EQ(config.routers[1].services[1].proxy_name(), "services_es_3");
}

TEST(Config, ReadsJsonWithTabs) {
  const auto config = good(
      "{\n\t\"apiPort\": 1,\n\t\"routers\": [{\n\t\t\"type\": \"console\",\n\t\t\"services\": [{\n"
      "\t\t\t\"Name\": \"web\", # a comment\n\t\t\t\"watcher\": {\"type\": \"zookeeper\", \"hosts\": [\"zk1:2181\"],\n"
      "\t\t\t\t\"path\": \"/web\",},\n\t\t}],\n\t}],\n}\n");
  EXPECT_EQ(config.routers[0].services[0].name, "web");
}

TEST(Config, ReadsWhatIsOurs) {
  const auto config = good(R"(
routers:
  - type: haproxy
    runtimeDir: /var/run/my/
    configPath: /etc/my.cfg
    haproxyBinary: /opt/haproxy
    shutdownTimeoutInMilli: 0
    declareEmpty: false
    services:
      - name: a
        watcher: {type: zookeeper, hosts: [zk1], path: /a}
        port: 1
        bindAddress: "::1"
        mode: http
      - name: b
        watcher: {type: zookeeper, hosts: [zk1], path: /b}
        declareEmpty: true
        bindAddress: "*"
)");
  const auto& haproxy = std::get<HaproxyRouterConfig>(config.routers[0].kind);
  EXPECT_EQ(haproxy.runtime_dir, "/var/run/my");
  EXPECT_EQ(haproxy.socket_path, "/var/run/my/haproxy.sock");
  EXPECT_EQ(haproxy.config_path, "/etc/my.cfg");
  EXPECT_EQ(haproxy.haproxy_binary, "/opt/haproxy");
  EXPECT_EQ(haproxy.shutdown_timeout, milliseconds(0));
  EXPECT_EQ(config.routers[0].services[0].bind_address, "::1");
  EXPECT_EQ(config.routers[0].services[0].mode, "http");
  EXPECT_FALSE(config.routers[0].services[0].declare_empty);
  EXPECT_TRUE(config.routers[0].services[1].declare_empty);
  EXPECT_EQ(config.routers[0].services[1].bind_address, "*");
}

TEST(Config, SaysWhatIsWrongAtTheTop) {
  EXPECT_THAT(errors(""), ElementsAre("s.yml:1: must be a mapping, got nothing"));
  EXPECT_THAT(errors("[]"), ElementsAre("s.yml:1: must be a mapping, got a list"));
  EXPECT_THAT(errors("a: [\n"), ElementsAre("s.yml:2: end of sequence flow not found"));
  EXPECT_THAT(errors("apiPort: 1"), ElementsAre("s.yml:1: has no routers"));
  EXPECT_THAT(errors("apiSocket: /" + std::string(107, 's')),
              ElementsAre("s.yml:1: apiSocket: must be at most 107 bytes long, got 108", "s.yml:1: has no routers"));
  EXPECT_THAT(errors("routers: []"), ElementsAre("s.yml:1: has no routers"));
  EXPECT_THAT(errors("logLevel: debugg\napiHost: a b\napiPort: 70000\nrouters: x"),
              ElementsAre("s.yml:1: logLevel: must be one of trace, debug, info, warn, error, fatal, panic, got "
                          "\"debugg\"; did you mean \"debug\"?",
                          "s.yml:2: apiHost: must be an IP address, got \"a b\"; 0.0.0.0 means all interfaces",
                          "s.yml:3: apiPort: must be between 0 and 65535, got 70000",
                          "s.yml:4: routers: must be a list, got a string", "s.yml:1: has no routers"));
}

TEST(Config, KnowsTheKindsOfRouters) {
  EXPECT_THAT(
      errors(with_service("  - " + kWatcher + "\n", "haproxi")),
      ElementsAre(
          "s.yml:2: routers[0].type: must be one of haproxy, template, file, console, got \"haproxi\"; did you mean "
          "\"haproxy\"?"));
  EXPECT_THAT(errors("routers:\n- services:\n  - " + kWatcher + "\n"),
              ElementsAre("s.yml:2: routers[0].type: is missing"));
  EXPECT_THAT(errors("routers:\n- x\n"), ElementsAre("s.yml:2: routers[0]: must be a mapping, got a string"));
  EXPECT_THAT(errors("routers:\n- ~\n"), ElementsAre("s.yml:2: routers[0]: must be a mapping, got nothing"));
}

TEST(Config, SaysWhatIsWrongWithAService) {
  const std::string at = "s.yml:5: routers[0].services[0]";
  const auto service = [](const std::string& line) {
    return errors(with_service("  - " + kWatcher + "\n    " + line + "\n"));
  };
  EXPECT_THAT(errors(with_service("  - x\n")),
              ElementsAre("s.yml:4: routers[0].services[0]: must be a mapping, got a string"));
  EXPECT_THAT(service("name: a b"),
              ElementsAre(at + ".name: must consist of letters, digits and _ . : -, 200 at most, got \"a b\""));
  EXPECT_THAT(service("serverSort: nam"),
              ElementsAre(at + ".serverSort: must be one of random, name, date, got \"nam\"; did you mean \"name\"?"));
  EXPECT_THAT(service("port: 65536"), ElementsAre(at + ".port: must be between 0 and 65535, got 65536"));
  EXPECT_THAT(service("mode: htp"),
              ElementsAre(at + ".mode: must be one of tcp, http, got \"htp\"; did you mean \"http\"?"));
  EXPECT_THAT(
      service("bindAddress: /x"),
      ElementsAre(at + ".bindAddress: must be an IP address, a host name or *, got \"/x\"; for a unix socket there is "
                       "bindSocket"));
  EXPECT_THAT(service("declareEmpty: maybe"), ElementsAre(at + ".declareEmpty: must be true or false, got \"maybe\""));
  EXPECT_THAT(service("routerOptions: {frontend: mode http, backend: [[]]}"),
              ElementsAre(at + ".routerOptions.frontend: must be a list, got a string",
                          at + ".routerOptions.backend[0]: must be a string, got a list"));
  EXPECT_THAT(service("serverOptions: 'check {{.Port}}'"),
              ElementsAre(at + ".serverOptions: \"{{.Port}}\" is not understood; known are {{.Name}}, {{sha1String "
                               ".Name}}, {{.Labels.NAME}} and {{randString 10}}, 1 to 64 letters"));
  EXPECT_THAT(service("serverOptions: 'check {{.Labels.az}}'"),
              ElementsAre(at + ".serverOptions: a label can be a value only, and that of a keyword that is known to be "
                               "harmless"));
  EXPECT_EQ(service("serverOptions: 'cookie \"x'").size(), 1u);
  EXPECT_THAT(errors("routers:\n- type: haproxy\n  services:\n"
                     "  - watcher: {type: zookeeper, hosts: [zk1], path: \"/a b\"}\n"),
              ElementsAre("s.yml:4: routers[0].services[0]: needs a name: its path \"/a b\" gives none that HAProxy "
                          "takes"));
}

TEST(Config, SaysWhatIsWrongWithACorrelation) {
  const auto correlation = [](const std::string& text) {
    return errors(with_service("  - " + kWatcher + "\n    serverCorrelation: " + text + "\n  - name: other\n    " +
                               kWatcher + "\n"));
  };
  const std::string at = "s.yml:5: routers[0].services[0].serverCorrelation";
  EXPECT_THAT(correlation("{type: excludeServer, otherServiceName: othr}"),
              ElementsAre(at + ".otherServiceName: must be another service of this router, got \"othr\"; did you mean "
                               "\"other\"?"));
  EXPECT_THAT(correlation("{type: excludeServer, otherServiceName: services_web}"),
              ElementsAre(at + ".otherServiceName: must be another service of this router, got \"services_web\""));
  EXPECT_THAT(correlation("{type: exclude, scope: last}"),
              ElementsAre(at + ".type: must be one of excludeServer, got \"exclude\"; did you mean \"excludeServer\"?",
                          at + ".scope: must be one of first, got \"last\"", at + ".otherServiceName: is missing"));
}

TEST(Config, RefusesTwoServicesOfOneName) {
  EXPECT_THAT(errors(with_service("  - " + kWatcher + "\n  - name: services_web\n    " + kWatcher + "\n  - " +
                                  kWatcher + "\n")),
              ElementsAre("s.yml:5: routers[0].services[1].name: is that of routers[0].services[0], too: "
                          "\"services_web\"",
                          "s.yml:7: routers[0].services[2].name: is that of routers[0].services[0], too: "
                          "\"services_web\""));
}

TEST(Config, RefusesTwoOfOnePort) {
  EXPECT_THAT(errors(with_service("  - {name: a, port: 80, " + kWatcher + "}\n  - {name: b, port: 80, " + kWatcher +
                                  "}\n  - {name: c, port: 80, bindAddress: '::1', " + kWatcher + "}\n")),
              ElementsAre("s.yml:5: routers[0].services[1].port: is that of routers[0].services[0], too: "
                          "127.0.0.1:80"));
}

TEST(Config, RefusesTwoRoutersOnOneHaproxy) {
  const std::string services = "  services: [{" + kWatcher + "}]\n";
  EXPECT_THAT(errors("routers:\n- type: haproxy\n" + services + "- type: haproxy\n" + services),
              ElementsAre("s.yml:4: routers[1].runtimeDir: is that of routers[0], too: /run/synapse"));
  EXPECT_THAT(errors("routers:\n- type: haproxy\n  configPath: /a\n  reloadCommand: [x]\n" + services +
                     "- type: haproxy\n  configPath: /a\n" + services),
              ElementsAre("s.yml:7: routers[1].configPath: is that of routers[0], too: /a"));
}

std::string haproxy_with(const std::string& lines) {
  return "routers:\n- type: haproxy\n  services: [{name: web, " + kWatcher + "}]\n" + lines;
}

TEST(Config, SaysWhatIsWrongWithAHaproxyRouter) {
  const std::string at = "routers[0].";
  EXPECT_THAT(errors(haproxy_with("  reloadCommand: [x]\n  global: [stats socket /s level admin]\n")),
              ElementsAre("s.yml:2: routers[0].configPath: is missing"));
  EXPECT_THAT(errors(haproxy_with("  reloadCommand: [''] \n  configPath: ''\n  cleanupCommand: x\n")),
              ElementsAre("s.yml:4: routers[0].reloadCommand: must begin with a program",
                          "s.yml:6: routers[0].cleanupCommand: must be a list, got a string",
                          "s.yml:5: routers[0].configPath: must not be empty"));
  EXPECT_THAT(errors(haproxy_with("  reloadMinIntervalInMilli: -1\n  reloadTimeoutInMilli: 1.5\n  haproxyBinary: ''\n"
                                  "  configPath: ''\n")),
              ElementsAre("s.yml:4: routers[0].reloadMinIntervalInMilli: must be at least 0, got -1",
                          "s.yml:5: routers[0].reloadTimeoutInMilli: must be a whole number, got 1.5",
                          "s.yml:6: routers[0].haproxyBinary: must not be empty",
                          "s.yml:7: routers[0].configPath: must not be empty"));
  EXPECT_THAT(errors(haproxy_with("  runtimeDir: run\n")),
              ElementsAre("s.yml:4: routers[0].runtimeDir: must be an absolute path, got \"run\""));
  EXPECT_THAT(errors(haproxy_with("  runtimeDir: /run/a b\n")),
              ElementsAre("s.yml:4: routers[0].runtimeDir: must not contain white space or any of \" ' \\ # $ , @"));
  EXPECT_THAT(errors(haproxy_with("  runtimeDir: /" + std::string(84, 'x') + "\n")),
              ElementsAre("s.yml:4: routers[0].runtimeDir: must be at most 84 characters, because the path of a unix "
                          "socket is short, got 85"));
  EXPECT_THAT(errors(haproxy_with("  listen: {a: x, b: }\n  backend: [x]\n")),
              ElementsAre("s.yml:4: routers[0].listen.a: must be a list, got a string",
                          "s.yml:4: routers[0].listen.b: must be a list, got nothing",
                          "s.yml:5: routers[0].backend: must be a mapping, got a list"));
  EXPECT_THAT(errors(haproxy_with("  global:\n  - maxconn 1\n  - stats socket unix@/run/synapse/haproxy.sock\n")),
              ElementsAre("s.yml:6: routers[0].global[1]: this socket is added by synapse itself; remove the line"));
}

TEST(Config, RefusesSectionsThatHaveTheNameOfAService) {
  EXPECT_THAT(errors(haproxy_with("  frontend: {web_2: []}\n  backend:\n    web_1: []\n")),
              ElementsAre("s.yml:6: routers[0].backend.web_1: is what service web becomes"));
}

TEST(Config, RefusesMoreThanALineWhereALineIsWanted) {
  EXPECT_THAT(errors(haproxy_with("  global: [\"maxconn 1\\nbackend evil\"]\n  defaults: [\"a\\0b\"]\n"
                                  "  listen: {\"x\\ny\": [\"\\r\"]}\n  statePath: \"a\\nb\"\n")),
              ElementsAre("s.yml:7: routers[0].statePath: must be one line without control characters",
                          "s.yml:4: routers[0].global[0]: must be one line without control characters",
                          "s.yml:5: routers[0].defaults[0]: must be one line without control characters",
                          "s.yml:6: routers[0].listen.x?y: is no name for a section",
                          "s.yml:6: routers[0].listen.x?y[0]: must be one line without control characters"));
  EXPECT_THAT(errors(with_service("  - " + kWatcher +
                                  "\n    serverOptions: \"check\\nbackend evil\"\n"
                                  "    routerOptions: {backend: [\"x\\ny\"]}\n")),
              ElementsAre("s.yml:5: routers[0].services[0].serverOptions: must be one line without control characters",
                          "s.yml:6: routers[0].services[0].routerOptions.backend[0]: must be one line without control "
                          "characters"));
}

std::pair<std::string, std::vector<std::string>> socket_of(const std::string& global) {
  auto parsed = parse(haproxy_with("  configPath: /c\n  reloadCommand: [x]\n  global:\n" + global));
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  return {std::get<HaproxyRouterConfig>(parsed.config->routers[0].kind).socket_path, parsed.diagnostics.warnings};
}

TEST(Config, FindsTheRuntimeSocketOfAForeignHaproxy) {
  EXPECT_THAT(socket_of("  - stats socket /a.sock level admin\n"), Pair("/a.sock", IsEmpty()));
  EXPECT_THAT(socket_of("  - stats socket unix@/a.sock mode 600 level admin user x # mine\n"),
              Pair("/a.sock", IsEmpty()));
  EXPECT_THAT(socket_of("  - stats socket \"/a.sock\" expose-fd listeners level admin\n"), Pair("/a.sock", IsEmpty()));
  EXPECT_THAT(socket_of("  - stats socket /ro.sock level operator\n  - stats socket /a.sock level admin\n"),
              Pair("/a.sock", IsEmpty()));
}

TEST(Config, WarnsOfAForeignHaproxyWithoutAUsableSocket) {
  const std::string none =
      "s.yml:2: routers[0]: without a runtime socket every change reloads HAProxy; add \"stats socket "
      "/run/haproxy.sock mode 600 level admin\" to global";
  EXPECT_THAT(socket_of("  - maxconn 1\n"), Pair("", ElementsAre(none)));
  EXPECT_THAT(socket_of("  - stats socket 127.0.0.1:9999 level admin\n  - stats socket\n  - stats timeout 1s\n"),
              Pair("", ElementsAre(none)));
  EXPECT_THAT(socket_of("  - maxconn 1\n  - stats socket /a.sock\n"),
              Pair("", ElementsAre("s.yml:8: routers[0].global[1]: without \"level admin\" on this socket every change "
                                   "reloads HAProxy; add it to the line")));
}

TEST(Config, WarnsOfUnknownKeysAndRefusesThemWhenStrict) {
  const std::string text =
      "apiprot: 1\nrouters:\n- type: haproxy\n  configpth: /a\n  services:\n  - " + kWatcher +
      "\n    serverOption: check\n    routerOptions: {front: []}\n  - name: b\n    watcher: {type: zookeeper, hosts: "
      "[zk1], path: /b, host: c}\n- type: console\n  reloadCommand: [x]\n";
  const std::vector<std::string> found = {
      "s.yml:8: routers[0].services[0].routerOptions: unknown key \"front\"; did you mean \"frontend\"?",
      "s.yml:7: routers[0].services[0]: unknown key \"serverOption\"; did you mean \"serverOptions\"?",
      "s.yml:10: routers[0].services[1].watcher: unknown key \"host\"; did you mean \"hosts\"?",
      "s.yml:4: routers[0]: unknown key \"configpth\"; did you mean \"configPath\"?",
      "s.yml:12: routers[1]: unknown key \"reloadCommand\"",
      "s.yml:1: unknown key \"apiprot\"; did you mean \"apiPort\"?"};
  auto parsed = parse(text);
  EXPECT_TRUE(parsed.config.has_value());
  auto expected = found;
  expected.insert(expected.begin() + 4, "s.yml:11: routers[1]: has no services");
  EXPECT_EQ(parsed.diagnostics.warnings, expected);
  EXPECT_EQ(parse(text, true).diagnostics.errors, found);
}

TEST(Config, ReadsHowServersComeAndGo) {
  const auto plain = good("routers: [{type: haproxy, services: [{" + kWatcher + "}]}]");
  const auto& service = plain.routers[0].services[0];
  EXPECT_FALSE(service.verified);
  EXPECT_EQ(service.drain, milliseconds(0));
  EXPECT_EQ(service.hold_below_percent, 0);
  EXPECT_EQ(service.hold_window, milliseconds(30'000));
  const auto& router = std::get<HaproxyRouterConfig>(plain.routers[0].kind);
  EXPECT_TRUE(router.respect_manual_maintenance);
  EXPECT_EQ(router.max_tombstones, 100);
  EXPECT_EQ(router.tombstone_quiet, milliseconds(60'000));

  const auto all = good(R"(
routers:
- type: haproxy
  respectManualMaintenance: false
  maxTombstones: 7
  tombstoneQuietInMilli: 1000
  services:
  - watcher: {type: zookeeper, hosts: [zk1], path: /services/web}
    serverOptions: check
    admission: verified
    drainInMilli: 5000
    holdBelowPercent: 50
    holdWindowInMilli: 10000
)");
  const auto& other = all.routers[0].services[0];
  EXPECT_TRUE(other.verified);
  EXPECT_EQ(other.drain, milliseconds(5000));
  EXPECT_EQ(other.hold_below_percent, 50);
  EXPECT_EQ(other.hold_window, milliseconds(10'000));
  const auto& its_router = std::get<HaproxyRouterConfig>(all.routers[0].kind);
  EXPECT_FALSE(its_router.respect_manual_maintenance);
  EXPECT_EQ(its_router.max_tombstones, 7);
  EXPECT_EQ(its_router.tombstone_quiet, milliseconds(1000));
}

TEST(Config, SaysWhatIsWrongWithHowServersComeAndGo) {
  EXPECT_THAT(errors(with_service("  - " + kWatcher +
                                  "\n    admission: later\n    drainInMilli: -1\n"
                                  "    holdBelowPercent: 100\n    holdWindowInMilli: 0\n")),
              ElementsAre(HasSubstr("s.yml:5: routers[0].services[0].admission: must be one of"),
                          "s.yml:6: routers[0].services[0].drainInMilli: must be at least 0, got -1",
                          HasSubstr("s.yml:7: routers[0].services[0].holdBelowPercent: must be"),
                          "s.yml:8: routers[0].services[0].holdWindowInMilli: must be at least 1, got 0"));
}

TEST(Config, WarnsOfPoliciesThatNeedACheckWhereThereIsNone) {
  const std::string policies = "    admission: verified\n    holdBelowPercent: 50\n";
  EXPECT_THAT(
      parse(with_service("  - " + kWatcher + "\n" + policies)).diagnostics.warnings,
      ElementsAre("s.yml:5: routers[0].services[0].admission: HAProxy does not check these servers, so they are "
                  "admitted at once; add \"check\" to serverOptions",
                  "s.yml:6: routers[0].services[0].holdBelowPercent: HAProxy does not check these servers, so "
                  "nobody can tell that they live and none is held; add \"check\" to serverOptions"));
  for (const auto* check :
       {"    serverOptions: check inter 1s\n", "    routerOptions: {backend: [default-server inter 1s check]}\n"}) {
    EXPECT_THAT(parse(with_service("  - " + kWatcher + "\n" + policies + check)).diagnostics.warnings, IsEmpty());
  }
  EXPECT_THAT(parse(with_service("  - " + kWatcher + "\n    holdWindowInMilli: 5\n")).diagnostics.warnings,
              ElementsAre("s.yml:5: routers[0].services[0].holdWindowInMilli: has no effect without holdBelowPercent"));
}

TEST(Config, KeysOfHaproxyServicesDoNoHarmInOtherRouters) {
  const auto config = good(with_service(
      "  - " + kWatcher + "\n    port: 1\n    mode: http\n    routerOptions: {frontend: []}\n", "console"));
  EXPECT_EQ(config.routers[0].services[0].port, 0);
}

}  // namespace
}  // namespace synapse
