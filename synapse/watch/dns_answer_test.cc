#include "synapse/watch/dns_answer.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synapse/watch/dns_message.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string wrong(const std::string& message, DnsType type = DnsType::a) {
  const auto answer = parse_dns_answer(message, type);
  return answer ? "" : answer.error().message;
}

TEST(DnsAnswer, HasAddresses) {
  const auto answer = parse_dns_answer(DnsMessage("Web.Example.ORG", 1)
                                           .a("web.example.org", 300, "10.0.0.1")
                                           .a("WEB.example.org", 60, "10.0.0.2")
                                           .bytes(),
                                       DnsType::a);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->addresses,
              ElementsAre(DnsAddress{"web.example.org", "10.0.0.1"}, DnsAddress{"web.example.org", "10.0.0.2"}));
  EXPECT_EQ(answer->ttl_s, 60);
  const auto ipv6 =
      parse_dns_answer(DnsMessage("web", 28).aaaa("web", 5, "fe80::1").a("web", 1, "10.0.0.1").bytes(), DnsType::aaaa);
  ASSERT_TRUE(ipv6.has_value());
  EXPECT_THAT(ipv6->addresses, ElementsAre(DnsAddress{"web", "fe80::1"}));
  EXPECT_EQ(ipv6->ttl_s, 5);
}

TEST(DnsAnswer, FollowsAliases) {
  const auto answer = parse_dns_answer(DnsMessage("web", 1)
                                           .cname("web", 30, "lb.Example.org")
                                           .a("other.example.org", 1, "10.0.0.9")
                                           .cname("lb.example.org", 20, "node.example.org")
                                           .a("node.example.org", 60, "10.0.0.1")
                                           .bytes(),
                                       DnsType::a);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->addresses, ElementsAre(DnsAddress{"node.example.org", "10.0.0.1"}));
  EXPECT_EQ(answer->ttl_s, 20);
  EXPECT_EQ(wrong(DnsMessage("a", 1).cname("a", 1, "b").cname("b", 1, "a").bytes()), "the answer is damaged");
}

TEST(DnsAnswer, HasTargetsAndWhatWouldBeAskedNext) {
  const auto answer = parse_dns_answer(DnsMessage("_http._tcp.web", 33)
                                           .srv("_http._tcp.web", 30, 10, 65535, 8080, "N1.example.org")
                                           .srv("_http._tcp.web", 30, 20, 0, 65535, "")
                                           .a("stray.example.org", 1, "10.0.0.9")
                                           .further()
                                           .a("n1.example.org", 9, "10.0.0.1")
                                           .aaaa("n1.example.org", 9, "::2")
                                           .bytes(),
                                       DnsType::srv);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->targets, ElementsAre(DnsTarget{10, 65535, 8080, "n1.example.org"}, DnsTarget{20, 0, 65535, ""}));
  EXPECT_THAT(answer->further,
              ElementsAre(DnsAddress{"n1.example.org", "10.0.0.1"}, DnsAddress{"n1.example.org", "::2"}));
  EXPECT_THAT(answer->addresses, IsEmpty());
  EXPECT_EQ(answer->ttl_s, 9);
}

TEST(DnsAnswer, MayBeEmpty) {
  const auto answer = parse_dns_answer(DnsMessage("web", 1).bytes(), DnsType::a);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->addresses, IsEmpty());
  EXPECT_EQ(answer->ttl_s, std::nullopt);
}

TEST(DnsAnswer, TakesATtlThatIsNegativeForNone) {
  const auto answer = parse_dns_answer(DnsMessage("web", 1).a("web", 0x80000000u, "10.0.0.1").bytes(), DnsType::a);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->ttl_s, 0);
}

TEST(DnsAnswer, RefusesWhatIsNoAnswer) {
  EXPECT_EQ(wrong(""), "the answer is damaged");
  EXPECT_EQ(wrong("garbage"), "the answer is damaged");
  EXPECT_EQ(wrong(DnsMessage("web", 1).flags(0x0100).bytes()), "not an answer but a question");
  EXPECT_EQ(wrong(DnsMessage("web", 1).flags(0x8380).bytes()), "the answer is cut off");
  EXPECT_EQ(wrong(DnsMessage("web", 1).flags(0x8183).bytes()), "the answer is an error");
  EXPECT_EQ(wrong(DnsMessage("web", 1).record("web", 33, 1, "\0\0\0\0\0"s).bytes(), DnsType::srv),
            "the answer is damaged");
  EXPECT_EQ(wrong(DnsMessage("web", 1).record("web", 33, 1, "\0\0\0\0\0\1\xC0\xFF"s).bytes(), DnsType::srv),
            "the answer is damaged");
  // A name that points at itself.
  EXPECT_EQ(wrong(DnsMessage("web", 1).record("web", 5, 1, "\xC0\x25"s).bytes()), "the answer is damaged");
}

TEST(DnsAnswer, PassesOverWhatIsTooLongOrTooShortForAnAddress) {
  const auto answer = parse_dns_answer(
      DnsMessage("web", 1).record("web", 1, 1, "\x0A\0\0"s).record("web", 1, 1, "\x0A\0\0\1\1"s).bytes(), DnsType::a);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->addresses, IsEmpty());
}

TEST(DnsAnswer, CutOffAnywhereItIsAnErrorAndHarmless) {
  const auto whole = DnsMessage("_http._tcp.web", 33)
                         .srv("_http._tcp.web", 30, 10, 1, 8080, "n1.example.org")
                         .further()
                         .a("n1.example.org", 9, "10.0.0.1")
                         .bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(wrong(whole.substr(0, size), DnsType::srv), "") << size;
  }
}

TEST(DnsAnswer, SurvivesWhatIsMadeUp) {
  const auto whole = DnsMessage("web", 33)
                         .cname("web", 1, "x.example.org")
                         .srv("x.example.org", 30, 10, 1, 8080, "n1.example.org")
                         .further()
                         .aaaa("n1.example.org", 9, "::1")
                         .bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    auto message = whole;
    for (int i = 0; i < 4; ++i) message[random() % message.size()] = static_cast<char>(random());
    for (const auto type : {DnsType::a, DnsType::aaaa, DnsType::srv}) (void)parse_dns_answer(message, type);
  }
}

}  // namespace
}  // namespace synapse
