#include "synapse/haproxy/skeleton.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/haproxy/golden.h"
#include "synapse/haproxy/render.h"

namespace synapse::haproxy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

RouterConfig router(const std::string& yaml) {
  const auto parsed = parse_config(yaml, "synapse.yml", {.runtime_dir = "/run/synapse"});
  for (const auto& error : parsed.diagnostics.errors) ADD_FAILURE() << error;
  return parsed.config->routers.at(0);
}

TEST(Skeleton, TheSmallestServiceIsAWatcherAndAPort) {
  const auto spec = skeleton_of(router(R"(
routers:
  - type: haproxy
    services:
      - watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/web}
        port: 8080
)"));
  ASSERT_EQ(spec.backends.size(), 1u);
  EXPECT_EQ(spec.backends[0].name, "services_web_1");
  EXPECT_THAT(spec.backends[0].frontend_lines, ElementsAre("bind 127.0.0.1:8080"));
  EXPECT_THAT(spec.backends[0].backend_lines, IsEmpty());
  EXPECT_THAT(spec.defaults, Contains("mode tcp"));
  EXPECT_THAT(spec.defaults, Contains("option redispatch 1"));
  EXPECT_THAT(spec.global, Contains("stats socket /run/synapse/haproxy.sock mode 600 level admin expose-fd listeners"));
}

TEST(Skeleton, TheOperatorsLinesStandAsTheyAre) {
  const auto spec = skeleton_of(router(R"(
routers:
  - type: haproxy
    configPath: /etc/haproxy/haproxy.cfg
    reloadCommand: [systemctl, reload, haproxy]
    global: [stats socket /run/haproxy.sock level admin]
    defaults: [mode http, timeout connect 1s]
    listen: {stats: [bind 127.0.0.1:9000, mode http]}
    services:
      - name: api
        watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/api}
        mode: http
        port: 8081
        bindAddress: "::1"
        routerOptions:
          frontend: [option httplog]
          backend: [balance leastconn]
)"));
  EXPECT_THAT(spec.global, ElementsAre("stats socket /run/haproxy.sock level admin"));
  EXPECT_THAT(spec.defaults, ElementsAre("mode http", "timeout connect 1s"));
  EXPECT_THAT(spec.listen.at("stats"), ElementsAre("bind 127.0.0.1:9000", "mode http"));
  EXPECT_THAT(spec.backends[0].frontend_lines, ElementsAre("bind [::1]:8081", "mode http", "option httplog"));
  EXPECT_THAT(spec.backends[0].backend_lines, ElementsAre("mode http", "balance leastconn"));
}

// Else the first far server would get everything.
TEST(Skeleton, FarServersShareTheLoadUnlessTheOperatorSaysOtherwise) {
  const auto backend_lines = [](const std::string& keys) {
    return skeleton_of(
               router("routers:\n- type: haproxy\n  services:\n  - watcher: {type: zookeeper, hosts: [zk1], path: "
                      "/web}\n    mode: http\n" +
                      keys))
        .backends[0]
        .backend_lines;
  };
  EXPECT_THAT(backend_lines("    prefer: {label: az, value: a}\n"
                            "    routerOptions: {backend: [no option allbackups]}\n"),
              ElementsAre("mode http", "option allbackups", "no option allbackups"));
  EXPECT_THAT(backend_lines("    prefer: {label: az, value: a, otherwise: weight 10}\n"), ElementsAre("mode http"));
  EXPECT_THAT(backend_lines(""), ElementsAre("mode http"));
}

TEST(Skeleton, AServiceWithoutPortOrLinesHasNoFrontend) {
  const auto spec = skeleton_of(router(R"(
routers:
  - type: haproxy
    services:
      - watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/web}
        mode: http
)"));
  EXPECT_THAT(spec.backends[0].frontend_lines, IsEmpty());
}

const char* const kFrontends = R"(
routers:
  - type: haproxy
    defaults: [mode http, timeout connect 1s, timeout client 10s, timeout server 10s]
    extraSections:
      userlist operators: [user ann insecure-password secret]
      cache answers: [total-max-size 4]
    sharedFrontend:
      - bind 127.0.0.1:8080
      - default_backend nobody
    backend: {nobody: [http-request return status 404]}
    services:
      - name: api
        watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/api}
        backendName: api
        sharedFrontend:
          - acl is_api hdr_dom(host) -i api.example.org
          - use_backend api if is_api
      - name: gone
        watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/gone}
        disabled: true
        port: 8081
      - name: web
        watcher: {type: zookeeper, hosts: ["127.0.0.1:2181"], path: /services/web}
        sharedFrontend: ["use_backend {{.Backend}} if { hdr(host) -i web }"]
        port: 8081
        bindSocket: /run/web.sock
        bindOptions: tfo
        balance: leastconn
        routerOptions: {backend: [option httpchk]}
)";

TEST(Skeleton, WritesAllWaysToReachAService) {
  expect_golden("frontends.cfg", render(skeleton_of(router(kFrontends))).text);
}

// They would name a backend that is not there, and HAProxy would refuse the file.
TEST(Skeleton, AServiceThatIsNotDeclaredHasNoLinesInTheSharedFrontend) {
  auto spec = skeleton_of(router(kFrontends));
  ASSERT_EQ(spec.backends.size(), 2u);
  spec.backends.erase(spec.backends.begin());
  const auto text = render(spec).text;
  EXPECT_EQ(text.find("is_api"), std::string::npos);
  EXPECT_NE(text.find("frontend shared-frontend"), std::string::npos);
}

TEST(Skeleton, NoLineOfAServiceLeavesTheSharedFrontend) {
  auto spec = skeleton_of(router(kFrontends));
  spec.backends[0].shared_lines = {"listen evil", "acl x path /x\nbackend evil"};
  const auto rendered = render(spec);
  EXPECT_THAT(rendered.warnings, ElementsAre("api: left out: a line of a service cannot begin a section: \"listen "
                                             "evil\""));
  EXPECT_NE(rendered.text.find("\n    acl x path /x backend evil\n"), std::string::npos);
}

}  // namespace
}  // namespace synapse::haproxy
