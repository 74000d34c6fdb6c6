#include "common/http/visitor.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::http {
namespace {

using testing::ElementsAre;
using Headers = std::map<std::string, std::string>;

std::string objection(const Headers& headers, const HostRules& rules = {}) {
  return why_foreign({"GET", "/", {}, headers}, rules).value_or("");
}

TEST(HostOf, TakesThePortOff) {
  EXPECT_EQ(host_of("Web1.Example.org:3454"), "web1.example.org");
  EXPECT_EQ(host_of("web1."), "web1");
  EXPECT_EQ(host_of("[::1]:80"), "::1");
  EXPECT_EQ(host_of("[::1]"), "::1");
  EXPECT_EQ(host_of("[::1"), "::1");
  EXPECT_EQ(host_of(""), "");
  EXPECT_EQ(host_of(":80"), "");
}

TEST(KnownHost, IsAnAddressOrANameThatNobodyElseCanHave) {
  const HostRules rules{.allowed = {"api.example.com", ".corp.example"},
                        .own = {"web1.prod.example.org", ".dc1.example"}};
  for (const auto* host :
       {"127.0.0.1", "10.1.2.3", "::1", "fe80::1", "localhost", "web1", "a.localhost", "nerve.ns.svc", "x.internal",
        "api.example.com", "a.b.corp.example", "web1.prod.example.org", "web2.dc1.example"}) {
    EXPECT_TRUE(is_known_host(host, rules)) << host;
  }
  for (const auto* host :
       {"", "evil.com", "localhost.evil.com", "127.0.0.1.evil.com", "corp.example", "evilcorp.example",
        "x.api.example.com", "web1.prod.example.org.evil.com", "0x7f.1", "127.1", "a b", "evil.com\n", "2130706433"}) {
    EXPECT_FALSE(is_known_host(host, rules)) << host;
  }
  EXPECT_TRUE(is_known_host("evil.com", {.allowed = {"*"}, .own = {}}));
}

TEST(Foreign, IsANameOfSomebodyElse) {
  EXPECT_EQ(objection({{"host", "localhost:3454"}}), "");
  EXPECT_EQ(objection({{"host", "[::1]:3454"}}), "");
  EXPECT_EQ(objection({}), "") << "HTTP/1.0";
  EXPECT_EQ(objection({{"host", "evil.com:3454"}}),
            "the host \"evil.com\" is no name of this machine: use its address or localhost, or put the name into "
            "apiAllowedHosts");
}

TEST(Foreign, IsToldToBrowsersOnlyWhereOthersReachTheMachineByItsNames) {
  const HostRules open{.strict = false, .allowed = {}, .own = {}};
  EXPECT_EQ(objection({{"host", "web1.example.org"}, {"user-agent", "Prometheus/2.42"}}, open), "");
  EXPECT_EQ(objection({{"host", "web1.example.org"}, {"user-agent", "curl/7.88"}, {"accept", "*/*"}}, open), "");
  for (const auto& [name, value] : Headers{{"accept-language", ""},
                                           {"origin", "http://web1"},
                                           {"referer", "x"},
                                           {"sec-fetch-site", "same-origin"},
                                           {"user-agent", "Mozilla/5.0 (X11)"}}) {
    EXPECT_NE(objection({{"host", "web1.example.org"}, {name, value}}, open), "") << name;
    EXPECT_EQ(objection({{"host", "10.0.0.1:3454"}, {name, value}}, open), "") << name;
  }
}

TEST(Foreign, IsThePageOfSomebodyElse) {
  for (const bool strict : {true, false}) {
    const HostRules rules{.strict = strict, .allowed = {"ops.example.org"}, .own = {}};
    EXPECT_EQ(objection({{"host", "127.0.0.1:1"}, {"origin", "http://evil.com"}}, rules),
              "the page's origin \"evil.com\" is no name of this machine: use its address or localhost, or put the "
              "name into apiAllowedHosts");
    EXPECT_NE(objection({{"host", "127.0.0.1:1"}, {"origin", "null"}}, rules), "") << "a sandboxed frame";
    EXPECT_NE(objection({{"host", "127.0.0.1:1"}, {"origin", ""}}, rules), "");
    EXPECT_EQ(objection({{"host", "127.0.0.1:1"}, {"origin", "http://127.0.0.1:1"}}, rules), "");
    EXPECT_EQ(objection({{"host", "127.0.0.1:1"}, {"origin", "https://ops.example.org"}}, rules), "");
  }
}

TEST(AllowedHost, IsANameADomainOrAll) {
  for (const auto* good : {"*", "a.example.org", ".example.org", "web1"}) {
    EXPECT_EQ(why_no_allowed_host(good), std::nullopt) << good;
  }
  EXPECT_EQ(why_no_allowed_host("http://a"),
            "must be a host name, a domain as \".example.org\", or \"*\", got \"http://a\"");
  for (const auto* bad : {"", ".", "*.example.org", "a:80", "a b"}) EXPECT_NE(why_no_allowed_host(bad), std::nullopt);
}

TEST(OwnHosts, AreTheHostNameAndTheDomainsToSearch) {
  EXPECT_THAT(own_hosts("Web1.example.org",
                        "# search no.example\nnameserver 10.0.0.1\nsearch ns.svc.cluster.local\tcluster.local com\n"
                        "domain Dc1.example.\noptions ndots:5"),
              ElementsAre("web1.example.org", ".ns.svc.cluster.local", ".cluster.local", ".dc1.example"));
  EXPECT_THAT(own_hosts("", ""), testing::IsEmpty());
}

}  // namespace
}  // namespace common::http
