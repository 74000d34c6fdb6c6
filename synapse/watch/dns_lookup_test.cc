#include "synapse/watch/dns_lookup.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/watch/dns_message.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Outcome = DnsReply::Outcome;

class DnsLookupTest : public testing::Test {
 protected:
  void says(const std::string& name, DnsType type, const DnsMessage& message) {
    replies[{name, type}] = {.outcome = Outcome::answer, .message = message.bytes()};
  }
  void says(const std::string& name, DnsType type, Outcome outcome) {
    replies[{name, type}] = {.outcome = outcome, .error = outcome == Outcome::failed ? "silence" : ""};
  }

  // "10.0.0.1:80 web:80 w5 backup" of each server, "name: why" of what is none.
  std::vector<std::string> servers(const DnsQuestion& question) {
    const auto found = look_up(question, [this](const std::string& name, DnsType type) {
      asked.push_back(name + (type == DnsType::a ? " A" : type == DnsType::aaaa ? " AAAA" : " SRV"));
      return replies.at({name, type});
    });
    if (!found) return {"error: " + found.error().message};
    ttl = found->ttl.count();
    std::vector<std::string> lines;
    for (const auto& record : found->records) {
      if (!record.registration) {
        lines.push_back(record.child + ": " + record.registration.error().message);
        continue;
      }
      const auto& server = *record.registration;
      lines.push_back(record.child + " " + server.name + (server.weight ? " w" + std::to_string(*server.weight) : "") +
                      (server.haproxy_server_options.empty() ? "" : " " + server.haproxy_server_options));
    }
    return lines;
  }

  std::map<std::pair<std::string, DnsType>, DnsReply> replies;
  std::vector<std::string> asked;
  long ttl = -1;
};

TEST_F(DnsLookupTest, EachAddressOfANameIsAServer) {
  says("web", DnsType::a,
       DnsMessage("web", 1).a("web", 30, "10.0.0.2").a("web", 30, "10.0.0.1").a("web", 9, "10.0.0.2"));
  EXPECT_THAT(servers({"web", 80}), ElementsAre("10.0.0.1:80 10.0.0.1:80", "10.0.0.2:80 10.0.0.2:80"));
  EXPECT_EQ(ttl, 9);
  EXPECT_THAT(asked, ElementsAre("web A"));
}

TEST_F(DnsLookupTest, Ipv6CountsWhereThereIsNoIpv4) {
  says("web", DnsType::a, Outcome::no_such_records);
  says("web", DnsType::aaaa, DnsMessage("web", 28).aaaa("web", 30, "fe80::1"));
  EXPECT_THAT(servers({"web", 80}), ElementsAre("[fe80::1]:80 fe80::1:80"));
  EXPECT_THAT(servers({"web", 80, AddressFamily::ipv6}), ElementsAre("[fe80::1]:80 fe80::1:80"));
  EXPECT_THAT(servers({"web", 80, AddressFamily::ipv4}), ElementsAre("web: name servers have no such records of it"));
  says("web", DnsType::a, DnsMessage("web", 1));  // NOERROR, and nothing in it
  EXPECT_THAT(servers({"web", 80}), ElementsAre("[fe80::1]:80 fe80::1:80"));
}

TEST_F(DnsLookupTest, NoneIsAnAnswerAndSilenceIsNone) {
  says("web", DnsType::a, Outcome::no_such_name);
  EXPECT_THAT(servers({"web", 80}), ElementsAre("web: name servers know no such name (NXDOMAIN)"));
  EXPECT_EQ(ttl, 5);
  EXPECT_THAT(asked, ElementsAre("web A"));  // the name has nothing else either
  says("web", DnsType::a, Outcome::failed);
  EXPECT_THAT(servers({"web", 80}), ElementsAre("error: cannot resolve web: silence"));
  says("web", DnsType::a, Outcome::no_such_records);
  says("web", DnsType::aaaa, Outcome::failed);
  EXPECT_THAT(servers({"web", 80}), ElementsAre("error: cannot resolve web: silence"));
  replies[{"web", DnsType::a}] = {.outcome = Outcome::answer, .message = "garbage"};
  EXPECT_THAT(servers({"web", 80}), ElementsAre("error: cannot resolve web: the answer is damaged"));
}

TEST_F(DnsLookupTest, AnAddressThatIsNoneIsLeftOut) {
  says("web", DnsType::a, DnsMessage("web", 1).a("web", 30, "0.0.0.0").a("web", 30, "10.0.0.1"));
  EXPECT_THAT(servers({"web", 80}),
              ElementsAre("0.0.0.0:80: \"0.0.0.0\" is no address of a server", "10.0.0.1:80 10.0.0.1:80"));
}

TEST_F(DnsLookupTest, ServicesHavePortsWeightsAndPriorities) {
  says("_http._tcp.web", DnsType::srv,
       DnsMessage("_http._tcp.web", 33)
           .srv("_http._tcp.web", 60, 10, 5, 8080, "n1.example.org")
           .srv("_http._tcp.web", 60, 10, 0, 8081, "n2.example.org")
           .srv("_http._tcp.web", 60, 20, 7, 8082, "n3.example.org")
           .further()
           .a("n1.example.org", 40, "10.0.0.1")
           .a("n3.example.org", 50, "10.0.0.3"));
  says("n2.example.org.", DnsType::a, DnsMessage("n2.example.org", 1).a("n2.example.org", 20, "10.0.0.2"));
  EXPECT_THAT(servers({"_http._tcp.web"}),
              ElementsAre("10.0.0.1:8080 n1.example.org:8080 w5", "10.0.0.2:8081 n2.example.org:8081 w1",
                          "10.0.0.3:8082 n3.example.org:8082 w7 backup"));
  EXPECT_EQ(ttl, 20);
  EXPECT_THAT(asked, ElementsAre("_http._tcp.web SRV", "n2.example.org. A"));
}

TEST_F(DnsLookupTest, WeightsBeyondHaproxysAreScaledDown) {
  says("s", DnsType::srv,
       DnsMessage("s", 33)
           .srv("s", 1, 1, 65535, 1, "a")
           .srv("s", 1, 1, 32768, 2, "a")
           .srv("s", 1, 1, 10, 3, "a")
           .further()
           .a("a", 1, "10.0.0.1"));
  EXPECT_THAT(servers({"s"}), ElementsAre("10.0.0.1:1 a:1 w256", "10.0.0.1:2 a:2 w128", "10.0.0.1:3 a:3 w1"));
}

TEST_F(DnsLookupTest, ATargetOfSeveralAddressesIsSeveralServers) {
  says("s", DnsType::srv,
       DnsMessage("s", 33)
           .srv("s", 1, 1, 1, 80, "a")
           .further()
           .a("a", 1, "10.0.0.1")
           .a("a", 1, "10.0.0.2")
           .aaaa("a", 1, "::2"));
  EXPECT_THAT(servers({"s"}), ElementsAre("10.0.0.1:80 10.0.0.1:80 w1", "10.0.0.2:80 10.0.0.2:80 w1"));
  EXPECT_THAT(servers({"s", 0, AddressFamily::ipv6}), ElementsAre("[::2]:80 a:80 w1"));
}

TEST_F(DnsLookupTest, OneTargetWithoutAnAddressHidesNoOther) {
  says("s", DnsType::srv,
       DnsMessage("s", 33)
           .srv("s", 1, 1, 1, 80, "gone")
           .srv("s", 1, 1, 1, 80, "a b/c")
           .srv("s", 1, 1, 1, 0, "b")
           .srv("s", 1, 1, 1, 80, "a")
           .further()
           .a("a", 1, "10.0.0.1")
           .a("b", 1, "10.0.0.2"));
  says("gone.", DnsType::a, Outcome::no_such_name);
  const auto found = servers({"s"});
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0], "10.0.0.1:80 a:80 w1");
  EXPECT_EQ(found[1], "10.0.0.2:0: port 0");
  EXPECT_THAT(found[2], testing::EndsWith(": its name is no host name"));
  EXPECT_EQ(found[3], "gone: name servers know no such name (NXDOMAIN)");
  says("gone.", DnsType::a, Outcome::failed);
  EXPECT_THAT(servers({"s"}), ElementsAre("error: cannot resolve gone.: silence"));
}

TEST_F(DnsLookupTest, NoServiceIsAnAnswer) {
  says("s", DnsType::srv, Outcome::no_such_name);
  EXPECT_THAT(servers({"s"}), ElementsAre("s: name servers know no such name (NXDOMAIN)"));
  says("s", DnsType::srv, DnsMessage("s", 33).srv("s", 30, 0, 0, 0, ""));
  EXPECT_THAT(servers({"s"}), ElementsAre("s: there is no server for it"));
  says("s", DnsType::srv, Outcome::failed);
  EXPECT_THAT(servers({"s"}), ElementsAre("error: cannot resolve s: silence"));
}

TEST_F(DnsLookupTest, BoundsTheTargets) {
  DnsMessage many("s", 33);
  for (int i = 1; i <= 257; ++i) many.srv("s", 1, 1, 1, i, "a");
  says("s", DnsType::srv, many.further().a("a", 1, "10.0.0.1"));
  EXPECT_THAT(servers({"s"}), ElementsAre("error: cannot resolve s: more than 256 SRV records"));
}

}  // namespace
}  // namespace synapse
