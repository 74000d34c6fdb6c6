// The keys by which applications reach a service of a haproxy router, and what must not be there twice.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/config.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string kWatcher = "watcher: {type: zookeeper, hosts: [zk1], path: /services/web}";

ParsedConfig parse(const std::string& text) {
  return parse_config(text, "s.yml", {});
}

RouterConfig good(const std::string& text) {
  ParseOptions options;
  options.strict = true;
  auto parsed = parse_config(text, "s.yml", options);
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  EXPECT_THAT(parsed.diagnostics.warnings, IsEmpty());
  return parsed.config ? parsed.config->routers.at(0) : RouterConfig();
}

std::vector<std::string> errors(const std::string& text) {
  auto parsed = parse(text);
  EXPECT_FALSE(parsed.config.has_value());
  return parsed.diagnostics.errors;
}

// The service's keys stand in line 5, those of the router behind them.
std::string service(const std::string& keys, const std::string& router_keys = "") {
  return "routers:\n- type: haproxy\n  services:\n  - " + kWatcher + "\n    " + keys + "\n" + router_keys;
}

TEST(ConfigFrontend, ReadsHowAServiceIsReached) {
  const auto router = good(
      "routers:\n- type: haproxy\n  sharedFrontend: [bind 127.0.0.1:80]\n"
      "  extraSections:\n    userlist  admins: [user a password b]\n    resolvers dns: []\n  services:\n  - " +
      kWatcher +
      "\n    port: 8080\n    bindSocket: /run/web.sock\n    bindOptions: ssl crt /etc/web.pem\n    mode: http\n"
      "    balance: hdr(host)\n    backendName: web\n    sharedFrontend: ['use_backend {{.Backend}} if x']\n");
  const auto& web = router.services.at(0);
  EXPECT_EQ(web.port, 8080);
  EXPECT_EQ(web.bind_socket, "/run/web.sock");
  EXPECT_EQ(web.bind_options, "ssl crt /etc/web.pem");
  EXPECT_EQ(web.balance, "hdr(host)");
  EXPECT_EQ(web.backend_name, "web");
  EXPECT_EQ(web.proxy_name(), "web");
  EXPECT_THAT(web.shared_frontend, ElementsAre("use_backend {{.Backend}} if x"));
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.kind);
  EXPECT_THAT(haproxy.shared_frontend, ElementsAre("bind 127.0.0.1:80"));
  EXPECT_THAT(haproxy.extra_sections,
              ElementsAre(Pair("resolvers dns", IsEmpty()), Pair("userlist admins", ElementsAre("user a password b"))));
}

TEST(ConfigFrontend, LeavesOutADisabledServiceButCountsIt) {
  const auto router = good("routers:\n- type: haproxy\n  services:\n  - {name: a, port: 80, disabled: true, " +
                           kWatcher + "}\n  - {name: b, port: 80, backendName: x, " + kWatcher +
                           "}\n  - {name: c, backendName: x, disabled: true, " + kWatcher + "}\n");
  ASSERT_EQ(router.services.size(), 1u);
  EXPECT_EQ(router.services[0].name, "b");
  EXPECT_EQ(router.services[0].id, 2);
}

TEST(ConfigFrontend, ADisabledServiceIsCheckedAllTheSame) {
  EXPECT_THAT(errors("routers:\n- type: haproxy\n  services: [{disabled: true, port: x, " + kWatcher + "}]\n"),
              ElementsAre("s.yml:3: routers[0].services[0].port: must be a whole number, got \"x\""));
  EXPECT_THAT(errors("routers:\n- type: haproxy\n  services: [{disabled: maybe, " + kWatcher + "}]\n"),
              ElementsAre("s.yml:3: routers[0].services[0].disabled: must be true or false, got \"maybe\""));
}

TEST(ConfigFrontend, SaysWhatIsWrongWithAService) {
  const std::string at = "s.yml:5: routers[0].services[0].";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"bindSocket: web.sock", "bindSocket: must be an absolute path, got \"web.sock\""},
      {"bindSocket: /run/a b", "bindSocket: must not contain white space or any of \" ' \\ # $ , @"},
      {"bindSocket: /" + std::string(97, 'x'), "bindSocket: must be at most 97 characters, got 98"},
      {"bindOptions: ssl", "bindOptions: needs port or bindSocket"},
      {"{port: 1, bindOptions: 'crt \"x'}", "bindOptions: unmatched quote in \"crt \\\"x\""},
      {"{port: 1, bindOptions: '# ssl'}", "bindOptions: says nothing"},
      {"{port: 1, bindOptions: \"ssl\\nlisten x\"}", "bindOptions: must be one line without control characters"},
      {"balance: \"first\\nlisten x\"", "balance: must be one line without control characters"},
      {"backendName: a b", "backendName: must consist of letters, digits and _ . : -, 200 at most, got \"a b\""},
      {"sharedFrontend: acl x", "sharedFrontend: must be a list, got a string"},
  };
  for (const auto& [keys, message] : cases) {
    const bool flow = keys.front() == '{';
    const auto text = flow ? "routers:\n- type: haproxy\n  services:\n\n  - {" + kWatcher + ", " + keys.substr(1) + "\n"
                           : service(keys);
    EXPECT_THAT(errors(text), ElementsAre(at + message)) << keys;
  }
}

TEST(ConfigFrontend, WarnsOfAnUnknownBalance) {
  const auto parsed = parse(service("balance: leastcon"));
  EXPECT_TRUE(parsed.config);
  EXPECT_THAT(parsed.diagnostics.warnings,
              ElementsAre("s.yml:5: routers[0].services[0].balance: is not known here: \"leastcon\"; did you mean "
                          "\"leastconn\"?"));
}

TEST(ConfigFrontend, SaysWhatIsWrongWithASharedFrontend) {
  EXPECT_THAT(errors(service("sharedFrontend: [acl x path /x]")),
              ElementsAre("s.yml:5: routers[0].services[0].sharedFrontend: needs a sharedFrontend in the router, a "
                          "list of lines with a bind among them"));
  EXPECT_THAT(errors(service("port: 1", "  sharedFrontend: [mode http]\n")),
              ElementsAre("s.yml:6: routers[0].sharedFrontend: needs a line that says what it binds, such as \"bind "
                          "127.0.0.1:80\""));
  EXPECT_THAT(errors(service("sharedFrontend: ['use_backend {{.Name}}', listen x, '{{.Backend}} {{']",
                             "  sharedFrontend: [bind :80]\n")),
              ElementsAre("s.yml:5: routers[0].services[0].sharedFrontend[0]: only {{.Backend}} is known in double "
                          "braces",
                          "s.yml:5: routers[0].services[0].sharedFrontend[1]: must not begin a section",
                          "s.yml:5: routers[0].services[0].sharedFrontend[2]: only {{.Backend}} is known in double "
                          "braces"));
  EXPECT_THAT(errors(service("port: 80", "  sharedFrontend: [mode http, 'bind :81,127.0.0.1:80 ssl']\n")),
              ElementsAre("s.yml:5: routers[0].services[0].port: is that of routers[0], too: 127.0.0.1:80"));
  EXPECT_THAT(errors(service("port: 1", "  sharedFrontend: [bind :80]\n  frontend: {shared-frontend: []}\n")),
              ElementsAre("s.yml:7: routers[0].frontend.shared-frontend: is what sharedFrontend becomes"));
  EXPECT_THAT(errors(service("backendName: shared-frontend", "  sharedFrontend: [bind :80]\n")),
              ElementsAre("s.yml:6: routers[0].sharedFrontend: becomes a section \"shared-frontend\", which is what "
                          "service services_web becomes"));
}

TEST(ConfigFrontend, SaysWhatIsWrongWithExtraSections) {
  EXPECT_THAT(errors(service("port: 1",
                             "  extraSections:\n    listen x: []\n    defaults: []\n    'peers \"x': []\n"
                             "    userlist a: []\n    userlist  a: []\n    \"cache\\nx\": []\n"
                             "    cache: x\n")),
              ElementsAre("s.yml:7: routers[0].extraSections.listen x: has a key of its own: listen",
                          "s.yml:8: routers[0].extraSections.defaults: has a key of its own: defaults",
                          "s.yml:9: routers[0].extraSections.peers \"x: is no header of a section",
                          "s.yml:11: routers[0].extraSections.userlist  a: is there twice",
                          "s.yml:12: routers[0].extraSections.cache?x: is no header of a section",
                          "s.yml:13: routers[0].extraSections.cache: must be a list, got a string"));
  EXPECT_THAT(parse(service("port: 1", "  extraSections: {userlst a: []}\n")).diagnostics.warnings,
              ElementsAre("s.yml:6: routers[0].extraSections.userlst a: is no section that is known here; did you mean "
                          "\"userlist\"?"));
}

TEST(ConfigFrontend, RefusesNamesAndAddressesThatAreThereTwice) {
  const auto two = [](const std::string& first, const std::string& second) {
    return errors("routers:\n- type: haproxy\n  services:\n  - {name: a, " + first + ", " + kWatcher +
                  "}\n  - {name: b, " + second + ", " + kWatcher + "}\n");
  };
  const std::string at = "s.yml:5: routers[0].services[1].";
  EXPECT_THAT(two("backendName: x", "backendName: x"),
              ElementsAre(at + "backendName: becomes the name of routers[0].services[0], too: \"x\""));
  EXPECT_THAT(two("port: 1", "backendName: a_1"),
              ElementsAre(at + "backendName: looks like what service a becomes: \"a_1\"",
                          "s.yml:4: routers[0].services[0].name: becomes the name of routers[0].services[1], too: "
                          "\"a_1\""));
  EXPECT_THAT(two("port: 1", "backendName: a_7"),
              ElementsAre(at + "backendName: looks like what service a becomes: \"a_7\""));
  EXPECT_THAT(two("bindSocket: /s", "bindSocket: /s"),
              ElementsAre(at + "bindSocket: is that of routers[0].services[0], too: /s"));
  EXPECT_THAT(errors(service("backendName: web", "  backend: {web: []}\n")),
              ElementsAre("s.yml:6: routers[0].backend.web: is what service services_web becomes"));
  EXPECT_THAT(errors(service("port: 1", "  listen: {x: []}\n  frontend: {y: [], x: []}\n  backend: {y: [], x: []}\n")),
              ElementsAre("s.yml:7: routers[0].frontend.x: is a section of listen, too",
                          "s.yml:8: routers[0].backend.x: is a section of listen, too"));
}

TEST(ConfigFrontend, OneNameInTwoRoutersIsNoConflict) {
  const std::string two = "  services: [{name: a, backendName: x, " + kWatcher + "}]\n";
  EXPECT_THAT(
      parse("routers:\n- type: haproxy\n" + two + "- type: haproxy\n  runtimeDir: /run/b\n" + two).diagnostics.errors,
      IsEmpty());
}

std::vector<std::string> sockets_of(const std::string& global, std::vector<std::string>* warnings = nullptr) {
  auto parsed = parse(service("port: 1", "  configPath: /c\n  reloadCommand: [x]\n  global:\n" + global));
  EXPECT_THAT(parsed.diagnostics.errors, IsEmpty());
  if (warnings) *warnings = parsed.diagnostics.warnings;
  const auto& haproxy = std::get<HaproxyRouterConfig>(parsed.config->routers[0].kind);
  std::vector<std::string> sockets{haproxy.socket_path};
  sockets.insert(sockets.end(), haproxy.further_sockets.begin(), haproxy.further_sockets.end());
  return sockets;
}

TEST(ConfigFrontend, FindsSeveralSocketsOfOneHaproxy) {
  EXPECT_THAT(sockets_of("  - stats socket /user.sock\n  - stats socket /a.sock level admin\n"
                         "  - stats socket /operator.sock level operator\n  - stats socket /b.sock level admin\n"),
              ElementsAre("/a.sock", "/b.sock"));
}

TEST(ConfigFrontend, UsesNoSocketOfOneProcessOutOfSeveral) {
  std::vector<std::string> warnings;
  EXPECT_THAT(sockets_of("  - stats socket /a.sock level admin process 1\n  - nbproc 2\n", &warnings), ElementsAre(""));
  EXPECT_THAT(warnings, ElementsAre("s.yml:10: routers[0].global[1]: with several processes every change reloads "
                                    "HAProxy, because a runtime socket belongs to one of them; use nbthread instead"));
  EXPECT_THAT(sockets_of("  - stats socket /a.sock level admin\n  - nbproc 1\n", &warnings), ElementsAre("/a.sock"));
  EXPECT_THAT(warnings, IsEmpty());
}

}  // namespace
}  // namespace synapse
