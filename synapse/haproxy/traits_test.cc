#include "synapse/haproxy/traits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

const Capabilities kOld = capabilities_of({2, 3, 21});
const Capabilities k26 = capabilities_of({2, 6, 12});
const Capabilities k30 = capabilities_of({3, 0, 11});

BackendTraits traits(const Words& backend, const Words& defaults = {}, const Capabilities& capabilities = k26) {
  return traits_of(defaults, backend, capabilities);
}

ServerSpec server(Words options) {
  ServerSpec server{"a", "10.0.0.1", 80, 1, true, std::move(options)};
  return server;
}

TEST(TraitsOf, BalanceDecidesWhetherServersCanBeAdded) {
  for (const auto* balance :
       {"roundrobin", "leastconn", "first", "random", "random(2)", "\"roundrobin\"", "roundrobin # as ever"}) {
    EXPECT_EQ(traits({std::string("balance ") + balance}).not_dynamic, std::nullopt) << balance;
    EXPECT_TRUE(traits({std::string("balance ") + balance}).live_weights) << balance;
  }
  for (const auto* balance :
       {"static-rr", "source", "uri whole", "url_param id", "hdr(host)", "rdp-cookie(x)", "new"}) {
    auto found = traits({std::string("balance ") + balance});
    ASSERT_TRUE(found.not_dynamic) << balance;
    EXPECT_EQ(found.not_dynamic->reason, ReloadReason::backend_not_dynamic) << balance;
    EXPECT_FALSE(found.live_weights) << balance;
  }
  EXPECT_EQ(traits({"balance source"}).not_dynamic->words,
            "'balance source' without a consistent hash takes no servers at run time");
  EXPECT_EQ(traits({}).not_dynamic, std::nullopt);
}

TEST(TraitsOf, ConsistentHashIsDynamic) {
  for (const auto* balance : {"source", "uri", "url_param id", "hdr(host)", "rdp-cookie(x)", "hash src"}) {
    EXPECT_EQ(traits({std::string("balance ") + balance, "hash-type consistent djb2"}).not_dynamic, std::nullopt);
  }
  EXPECT_TRUE(traits({"balance source", "hash-type map-based"}).not_dynamic);
  EXPECT_TRUE(traits({"balance static-rr", "hash-type consistent"}).not_dynamic);
}

TEST(TraitsOf, TheBackendOverridesTheDefaults) {
  EXPECT_TRUE(traits({}, {"balance source"}).not_dynamic);
  EXPECT_FALSE(traits({"balance leastconn"}, {"balance source"}).not_dynamic);
  EXPECT_FALSE(traits({"balance source"}, {"hash-type consistent"}).not_dynamic);
  EXPECT_TRUE(traits({"balance source", "hash-type map-based"}, {"hash-type consistent"}).not_dynamic);
  EXPECT_EQ(traits({}, {"mode http"}).mode, Mode::http);
  EXPECT_EQ(traits({"mode tcp"}, {"mode http"}).mode, Mode::tcp);
  EXPECT_EQ(traits({}).mode, Mode::tcp);
}

TEST(TraitsOf, SomeBackendsHaveNoServersAtAll) {
  EXPECT_TRUE(traits({"dispatch 10.0.0.1:80"}).not_dynamic);
  EXPECT_TRUE(traits({"option transparent"}).not_dynamic);
  EXPECT_FALSE(traits({"no option transparent"}, {"option transparent"}).not_dynamic);
  EXPECT_TRUE(traits({"mode log"}).not_dynamic);
}

TEST(TraitsOf, AnOldHaproxyTakesNoServers) {
  auto found = traits({"balance roundrobin"}, {}, kOld);
  ASSERT_TRUE(found.not_dynamic);
  EXPECT_EQ(found.not_dynamic->reason, ReloadReason::haproxy_too_old);
  EXPECT_EQ(found.not_dynamic->words, "HAProxy 2.3.21 takes no servers at run time (2.6 does)");
  EXPECT_TRUE(found.live_weights);
}

TEST(TraitsOf, GathersDefaultServer) {
  auto found = traits({"default-server rise 2 # quick", "balance roundrobin", "default-server fall 3"},
                      {"mode http", "default-server inter 2s check"});
  EXPECT_THAT(found.default_words, ElementsAre("inter", "2s", "check", "rise", "2", "fall", "3"));
}

TEST(TraitsOf, KnowsDynamicCookies) {
  EXPECT_TRUE(traits({"cookie SRV insert dynamic", "dynamic-cookie-key k"}).dynamic_cookies);
  EXPECT_FALSE(traits({"cookie SRV insert indirect"}).dynamic_cookies);
}

TEST(TraitsOf, PassesOverWhatItCannotSplit) {
  EXPECT_EQ(traits({"http-request deny if { path \"/x }", "balance source"}).not_dynamic->reason,
            ReloadReason::backend_not_dynamic);
}

TEST(DeclaredServers, FindsTheUsersOwn) {
  auto declared = declared_servers({"server fallback 10.0.0.1:80 backup", "server-template t 3 x.example:80 check",
                                    "# server ghost 1.1.1.1:1", "server-state-file-name x"});
  EXPECT_TRUE(declared.contains("fallback"));
  EXPECT_TRUE(declared.contains("t1"));
  EXPECT_TRUE(declared.contains("t25"));
  EXPECT_FALSE(declared.contains("t"));
  EXPECT_FALSE(declared.contains("tx"));
  EXPECT_FALSE(declared.contains("ghost"));
}

TEST(UsableServers, LeavesOutWhatHaproxyMustNotSee) {
  BackendSpec backend;
  backend.name = "web_1";
  backend.servers = {
      {"a", "10.0.0.1", 80, 1, true, {}},         {"a", "10.0.0.2", 80, 1, true, {}},
      {"fallback", "10.0.0.3", 80, 1, true, {}},  {"b\nbackend evil", "10.0.0.4", 80, 1, true, {}},
      {"c", "localhost", 80, 1, true, {}},        {"d", "10.0.0.5", 0, 1, true, {}},
      {"e", "10.0.0.5", 80, 257, true, {}},       {"f", "10.0.0.5", 80, 1, true, {"check inter"}},
      {"g", "10.0.0.5", 80, 1, true, {"\"open"}}, {"h", "0.0.0.0", 80, 1, true, {}},
      {"i", "10.0.0.5", 80, 1, true, {"'a\tb'"}}, {"z", "::1", 80, 0, false, {"check"}},
  };
  Words left_out;
  auto usable = usable_servers(backend, declared_servers({"server fallback 10.9.9.9:80"}), &left_out);
  ASSERT_EQ(usable.size(), 2U);
  EXPECT_EQ(usable[0].address, "10.0.0.1");
  EXPECT_EQ(usable[1].name, "z");
  EXPECT_THAT(left_out,
              ElementsAre("web_1: left out: a: the name stands twice",
                          "web_1: left out: fallback: the backend's own lines declare a server of this name",
                          "web_1: left out: not a server name: \"b\\nbackend evil\"",
                          "web_1: left out: c: not an IP address: \"localhost\"",
                          "web_1: left out: d: port out of range: 0", "web_1: left out: e: weight out of range: 257",
                          "web_1: left out: f: options are not whole words: \"check inter\"",
                          "web_1: left out: g: options: unmatched quote in \"\\\"open\"",
                          "web_1: left out: h: 0.0.0.0 is no server's address",
                          "web_1: left out: i: options are not whole words: \"'a\\x09b'\""));
}

TEST(Normalised, MovesWordsThatAreFields) {
  auto plain = normalised(server({"check", "weight", "7", "disabled", "inter", "2s"}));
  EXPECT_EQ(plain.weight, 7);
  EXPECT_FALSE(plain.enabled);
  EXPECT_THAT(plain.options, ElementsAre("check", "inter", "2s"));
  EXPECT_TRUE(normalised(server({"disabled", "enabled"})).enabled);
  // An argument is not a keyword.
  EXPECT_THAT(normalised(server({"agent-send", "disabled"})).options, ElementsAre("agent-send", "disabled"));
  EXPECT_THAT(normalised(server({"weight", "heavy"})).options, ElementsAre("weight", "heavy"));
}

TEST(AdditionOf, ExpandsDefaultServer) {
  auto addition =
      addition_of(server({"check", "rise", "5"}), traits({"default-server inter 2s rise 2 weight 9 disabled"}), k26);
  ASSERT_TRUE(addition.has_value());
  EXPECT_THAT(addition->words, ElementsAre("inter", "2s", "rise", "2", "check", "rise", "5", "pool-max-conn", "-1",
                                           "pool-purge-delay", "5s"));
  EXPECT_TRUE(addition->check);
  EXPECT_FALSE(addition->agent_check);
}

TEST(AdditionOf, KeepsTheUsersPoolSettings) {
  auto addition = addition_of(server({"pool-max-conn", "3"}), traits({}), k26);
  ASSERT_TRUE(addition.has_value());
  EXPECT_THAT(addition->words, ElementsAre("pool-max-conn", "3", "pool-purge-delay", "5s"));
}

TEST(AdditionOf, ResolvesWordsThatTakeOthersBack) {
  auto addition =
      addition_of(server({"no-check", "backup", "no-backup"}), traits({"default-server check inter 2s"}), k26);
  ASSERT_TRUE(addition.has_value());
  EXPECT_THAT(addition->words, ElementsAre("inter", "2s", "pool-max-conn", "-1", "pool-purge-delay", "5s"));
  EXPECT_FALSE(addition->check);
  auto again = addition_of(server({"no-check", "check"}), traits({}), k26);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->check);
}

TEST(AdditionOf, SaysWhichWordHaproxyRefuses) {
  for (const auto* word : {"cookie", "resolvers", "init-addr", "redir", "namespace", "max-reuse", "socks4"}) {
    auto refused = addition_of(server({word, "x"}), traits({}), k26);
    ASSERT_FALSE(refused.has_value()) << word;
    EXPECT_EQ(refused.error().message, std::string("HAProxy does not take '") + word + "' at run time");
  }
  EXPECT_FALSE(addition_of(server({}), traits({"default-server resolvers dns"}), k26).has_value());
  auto unknown = addition_of(server({"check", "shiny", "3"}), traits({}), k26);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message, "'shiny' is not known to work at run time");
  // The argument is missing.
  EXPECT_FALSE(addition_of(server({"inter"}), traits({}), k26).has_value());
}

TEST(AdditionOf, CookiesComeWithThreeZero) {
  EXPECT_FALSE(addition_of(server({"cookie", "a"}), traits({}), k26).has_value());
  EXPECT_TRUE(addition_of(server({"cookie", "a"}), traits({}), k30).has_value());
  EXPECT_FALSE(addition_of(server({"shard", "2"}), traits({}), k26).has_value());
  EXPECT_TRUE(addition_of(server({"set-proxy-v2-tlv-fmt(0xE1)", "%[src]"}), traits({}), k30).has_value());
}

TEST(AdditionOf, UnquotesForTheSocket) {
  auto addition =
      addition_of(server({"sni", R"(str(a\ b))", "source", "10.0.0.9", "interface", "eth0"}), traits({}), k26);
  ASSERT_TRUE(addition.has_value());
  EXPECT_THAT(addition->words, ElementsAre("sni", "str(a b)", "source", "10.0.0.9", "interface", "eth0",
                                           "pool-max-conn", "-1", "pool-purge-delay", "5s"));
  auto environment = addition_of(server({"sni", R"~("str(${NAME})")~"}), traits({}), k26);
  ASSERT_FALSE(environment.has_value());
  EXPECT_EQ(environment.error().message, R"~('"str(${NAME})"' cannot be written on the runtime socket)~");
}

TEST(SameAddress, KnowsTheSpellingsOfIpv6) {
  EXPECT_TRUE(same_address("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(same_address("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(same_address("0:0:0:0:0:0:0:1", "::1"));
  EXPECT_TRUE(same_address("FE80::A", "fe80::a"));
  EXPECT_FALSE(same_address("::1", "::2"));
  EXPECT_FALSE(same_address("::1", ""));
}

}  // namespace
}  // namespace synapse::haproxy
