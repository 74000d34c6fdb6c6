// One backend and one HAProxy for the tests of plan(). Only they include this.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/haproxy/plan.h"

namespace synapse::haproxy {

using Words = std::vector<std::string>;

inline const Capabilities kOld = capabilities_of({2, 3, 21});
inline const Capabilities k26 = capabilities_of({2, 6, 12});
inline const Capabilities k30 = capabilities_of({3, 0, 11});
inline const std::string kPool = " pool-max-conn -1 pool-purge-delay 5s";

inline ServerSpec wanted(std::string name, int weight = 10, bool enabled = true, Words options = {"check"}) {
  return {std::move(name), "10.0.0.1", 80, weight, enabled, std::move(options)};
}

// As HAProxy has it when `wanted(name)` is reached.
inline ObservedServer present(const std::string& name) {
  ObservedServer server;
  server.name = name;
  server.address = "10.0.0.1";
  server.port = 80;
  server.weight = 10;
  server.initial_weight = 10;
  server.up = true;
  server.check_configured = true;
  server.check_enabled = true;
  server.options = Words{"check"};
  return server;
}

inline ObservedServer in_maintenance(const std::string& name) {
  auto server = present(name);
  server.forced_maintenance = true;
  server.up = false;
  return server;
}

// One backend, one HAProxy.
struct Case {
  std::vector<ServerSpec> servers;
  std::vector<ObservedServer> observed;
  Words lines = {"balance roundrobin"};
  Capabilities capabilities = k26;
  std::set<std::string> refused = {};

  BackendSpec spec() const { return {"web", "web_1", {}, lines, servers}; }
  BackendTraits traits() const { return traits_of({}, lines, capabilities); }
  ObservedBackend backend() const { return {"web_1", observed, refused}; }

  Plan plan() const {
    auto has = backend();
    return haproxy::plan(spec(), traits(), &has, capabilities);
  }
};

inline Words texts(const std::vector<Command>& commands) {
  Words texts;
  for (const auto& command : commands) texts.push_back(command.text);
  return texts;
}

inline Words reasons(const Plan& plan) {
  Words words;
  for (const auto& need : plan.reloads) words.push_back(std::string(to_string(need.reason)) + ": " + need.words);
  return words;
}

inline void expect_commands(const Case& c, const Words& commands) {
  auto plan = c.plan();
  EXPECT_EQ(texts(plan.commands), commands);
  EXPECT_THAT(reasons(plan), testing::IsEmpty());
}

inline void expect_reload(const Case& c, const std::string& reason) {
  auto plan = c.plan();
  EXPECT_THAT(reasons(plan), testing::ElementsAre(reason));
  EXPECT_FALSE(plan.done());
}

}  // namespace synapse::haproxy
