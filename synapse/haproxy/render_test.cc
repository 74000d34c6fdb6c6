#include "synapse/haproxy/render.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/haproxy/golden.h"

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ServerSpec server(std::string name, std::string address, int port, int weight, bool enabled,
                  std::vector<std::string> options = {}) {
  return {std::move(name), std::move(address), port, weight, enabled, std::move(options)};
}

ConfigSpec full() {
  ConfigSpec config;
  config.global = {"maxconn 1000", "stats socket /run/synapse/haproxy.sock mode 600 level admin"};
  config.defaults = {"mode http", "timeout connect 1s", "timeout client 10s", "timeout server 10s"};
  config.listen = {{"stats", {"bind 127.0.0.1:1936", "stats enable"}}};
  config.frontend = {{"health", {"bind 127.0.0.1:1937", "monitor-uri /health"}}};
  config.backend = {{"static", {"server s 127.0.0.1:8080"}}};
  config.backends = {
      {"web",
       "web_1",
       {"bind 127.0.0.1:8000"},
       {"balance leastconn", "default-server inter 2s"},
       {server("a", "10.0.0.1", 80, 255, true, {"check", "rise", "2"}), server("b", "fe80::1", 8080, 1, true),
        server("gone", "10.0.0.3", 80, 7, false, {"check"})}},
      {"queue",
       "queue_2",
       {"mode tcp", "bind 127.0.0.1:8001"},
       {"mode tcp"},
       {server("u", "/run/queue_1/u.sock", 0, 5, true, {"check"})}},
      {"inner", "inner_3", {}, {"server own 127.0.0.1:9 backup"}, {server("c", "10.0.0.4", 80, 0, true)}},
  };
  return config;
}

TEST(Render, WritesTheWholeFile) {
  auto rendered = render(full());
  expect_golden("full.cfg", rendered.text);
  EXPECT_THAT(rendered.warnings, IsEmpty());
}

TEST(Render, WritesAFileForNothing) {
  expect_golden("empty.cfg", render({}).text);
}

TEST(Render, LeavesOutWhatWouldBreakTheFile) {
  ConfigSpec config;
  config.global = {"daemon\nlisten evil", "", "   ", "  indented  "};
  config.backends = {{"web",
                      "web_1",
                      {"bind 127.0.0.1:8000", "backend evil"},
                      {"balance roundrobin", "  userlist evil", "option httpchk\nlisten evil"},
                      {server("a\nlisten evil", "10.0.0.1", 80, 1, true), server("b", "10.0.0.2", 80, 1, true),
                       server("b", "10.0.0.3", 80, 1, true), server("c", "/run/a b", 0, 1, true),
                       server("d", "/run/a", 80, 1, true), server("e", "unix@/run/a", 0, 1, true)}}};
  auto rendered = render(config);
  expect_golden("hostile.cfg", rendered.text);
  EXPECT_THAT(rendered.warnings,
              ElementsAre("web_1: left out: a line of a service cannot begin a section: \"backend evil\"",
                          "web_1: left out: a line of a service cannot begin a section: \"  userlist evil\"",
                          "web_1: left out: not a server name: \"a\\nlisten evil\"",
                          "web_1: left out: b: the name stands twice",
                          "web_1: left out: c: not the path of a unix socket: \"/run/a b\"",
                          "web_1: left out: d: not the path of a unix socket: \"/run/a\"",
                          "web_1: left out: e: not an IP address: \"unix@/run/a\""));
}

TEST(Render, IsTheSameForTheSame) {
  EXPECT_EQ(render(full()).text, render(full()).text);
  EXPECT_TRUE(render(full()).text.ends_with("weight 0 enabled\n"));
}

TEST(Render, TheFingerprintIsOfEverythingButServers) {
  auto base = render(full()).fingerprint;
  EXPECT_THAT(render(full()).text, HasSubstr("    setenv SYNAPSE_CONFIG " + base + "\n"));
  auto changed = full();
  changed.backends[0].servers[0].weight = 3;
  changed.backends[0].servers.pop_back();
  EXPECT_EQ(render(changed).fingerprint, base);
  for (auto change : std::vector<std::function<void(ConfigSpec&)>>{
           [](ConfigSpec& config) { config.global.push_back("nbthread 1"); },
           [](ConfigSpec& config) { config.defaults.pop_back(); },
           [](ConfigSpec& config) { config.listen["stats"].push_back("stats uri /"); },
           [](ConfigSpec& config) { config.backends[0].backend_lines[0] = "balance first"; },
           [](ConfigSpec& config) { config.backends[0].frontend_lines.clear(); },
           [](ConfigSpec& config) { config.backends.pop_back(); },
           [](ConfigSpec& config) { config.backends[0].name = "web_9"; }}) {
    changed = full();
    change(changed);
    EXPECT_NE(render(changed).fingerprint, base);
  }
}

// It is compared with what an HAProxy says that was loaded by an earlier version of this program.
TEST(Render, TheFingerprintIsStable) {
  EXPECT_EQ(render({}).fingerprint, "51976b7334e9a6e1");
}

TEST(Render, TheFingerprintStandsBehindLinesThatWouldUndoIt) {
  ConfigSpec config;
  config.global = {"resetenv HOME", "maxconn 5"};
  auto text = render(config).text;
  EXPECT_LT(text.find("resetenv"), text.find("SYNAPSE_CONFIG"));
  EXPECT_LT(text.find("SYNAPSE_CONFIG"), text.find("maxconn"));
}

TEST(ReadRendered, GivesBackWhatWasWritten) {
  auto config = full();
  auto rendered = render(config);
  auto file = read_rendered(rendered.text);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->fingerprint, rendered.fingerprint);
  ASSERT_EQ(file->servers.size(), 3U);
  for (const auto& backend : config.backends) EXPECT_EQ(file->servers[backend.name], backend.servers) << backend.name;
}

TEST(ReadRendered, KeepsOptionsAsTheyWereWritten) {
  ConfigSpec config;
  config.backends = {{"web",
                      "web_1",
                      {},
                      {},
                      {server("a", "10.0.0.1", 80, 1, true, {"check", "sni", "str(\"a b\")", "cookie", R"(x\ y)"})}}};
  auto file = read_rendered(render(config).text);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->servers["web_1"], config.backends[0].servers);
}

TEST(ReadRendered, ReadsNothingFromOtherFiles) {
  EXPECT_FALSE(read_rendered(""));
  EXPECT_FALSE(read_rendered("global\n    setenv SYNAPSE_CONFIG 0123456789abcdef\n"));
  auto text = render(full()).text;
  auto broken = text;
  broken.replace(broken.find("SYNAPSE_CONFIG"), 14, "SYNAPSE_KONFIG");
  EXPECT_FALSE(read_rendered(broken));
  broken = text;
  broken.replace(broken.find("SYNAPSE_CONFIG") + 15, 3, "xyz");
  EXPECT_FALSE(read_rendered(broken));
}

TEST(ReadRendered, PassesOverLinesThatAreNotOurs) {
  auto text = render(full()).text;
  auto place = text.find("    server gone");
  text.insert(place,
              "    server broken 10.0.0.9\n"
              "    server broken 10.0.0.9:x weight 1 enabled\n"
              "    server broken 10.0.0.9:80 weight -1 enabled\n"
              "    server broken host.example:80 weight 1 enabled\n"
              "    server broken 10.0.0.9:80 weight 1 perhaps\n"
              "    server broken unix@run/a weight 1 enabled\n"
              "    server broken unix@ weight 1 enabled\n"
              "    option \"unmatched\n"
              "\xff\xfe\n");
  auto file = read_rendered(text);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->servers["web_1"].size(), 2U);  // the line at the margin ended the section
}

TEST(ReadRendered, SurvivesEveryCut) {
  auto text = render(full()).text;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    auto file = read_rendered(text.substr(0, length));
    EXPECT_TRUE(!file || file->servers.size() <= 3U);
  }
}

}  // namespace
}  // namespace synapse::haproxy
