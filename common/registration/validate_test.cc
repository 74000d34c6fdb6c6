#include "common/registration/validate.h"

#include <arpa/inet.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(Validate, KnowsServerNames) {
  for (const auto* name : {"a", "A-z_0.9:x", "10.0.0.1:80", "::1:80", "-", "web_10.0.0.1_80"}) {
    EXPECT_TRUE(is_server_name(name)) << name;
  }
  for (const auto* name : {"", "a b", "a\n", "a\t", "a/b", "a$b", "a#b", "a\"", "a'", "a;b", "a@b", "\xC3\xA9", "a%"}) {
    EXPECT_FALSE(is_server_name(name)) << name;
  }
  EXPECT_FALSE(is_server_name(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_server_name(std::string(200, 'x')));
  EXPECT_FALSE(is_server_name(std::string(201, 'x')));
}

TEST(Validate, KnowsAddresses) {
  for (const auto* address : {"10.0.0.1", "255.255.255.255", "::1", "fe80::1", "::ffff:10.0.0.1", "2001:db8::A"}) {
    EXPECT_TRUE(is_ip_address(address)) << address;
  }
  for (const auto* address : {"", "127.1", "300.1.1.1", "10.0.0.01", "[::1]", "fe80::1%eth0", "10.0.0.1 ", " 10.0.0.1",
                              "10.0.0.1:80", "0x7f.0.0.1", "1.2.3.4\n", "localhost", "::g"}) {
    EXPECT_FALSE(is_ip_address(address)) << address;
  }
  EXPECT_FALSE(is_ip_address(std::string_view("10.0.0.1\0", 9)));
  EXPECT_FALSE(is_ip_address(std::string(100, '1')));
  EXPECT_TRUE(is_ipv6_address("::1"));
  EXPECT_FALSE(is_ipv6_address("10.0.0.1"));
}

// Of all texts of these pieces that are put together.
TEST(Validate, TakesTheIpv4AddressesThatTheSystemTakes) {
  const std::vector<std::string> parts = {"", "0", "9", "10", "255", "256", "01", "00", "1000", "1a", "-1", " 1", "."};
  std::size_t taken = 0;
  for (const auto& a : parts) {
    for (const auto& b : parts) {
      for (const auto& c : parts) {
        for (const auto& d : parts) {
          for (const auto& end : {"", ".", ".1", " "}) {
            const auto text = a + "." + b + "." + c + "." + d + end;
            in_addr address{};
            const bool valid = ::inet_pton(AF_INET, text.c_str(), &address) == 1;
            ASSERT_EQ(is_ip_address(text), valid) << text;
            ASSERT_EQ(is_any_address(text), valid && address.s_addr == INADDR_ANY) << text;
            taken += valid ? 1 : 0;
          }
        }
      }
    }
  }
  EXPECT_EQ(taken, 4U * 4 * 4 * 4);
}

TEST(Validate, KnowsTheAddressThatMeansAny) {
  for (const auto* address : {"0.0.0.0", "::", "0::0", "::0.0.0.0", "::ffff:0.0.0.0"}) {
    EXPECT_TRUE(is_any_address(address)) << address;
  }
  for (const auto* address : {"0.0.0.1", "::1", "10.0.0.0", "::ffff:1.0.0.0", "any", ""}) {
    EXPECT_FALSE(is_any_address(address)) << address;
  }
}

TEST(Validate, KnowsHostNames) {
  for (const auto* name : {"localhost", "a", "web-1.example.com", "my_host", "1and1.de", "3com", "a.b.", "x--y"}) {
    EXPECT_TRUE(is_host_name(name)) << name;
  }
  for (const auto* name :
       {"",       ".",          "a..b",  ".a",  "-a",  "a-",  "a.-b", "127.1",  "1.2.3.4", "300.1.1.1", "1",
        "0x7f.1", "0x7f000001", "a.0X7", "a b", "a\n", "a/b", "*",    "unix@x", "$HOST",   "a:80",      "[::1]"}) {
    EXPECT_FALSE(is_host_name(name)) << name;
  }
  EXPECT_TRUE(is_host_name(std::string(63, 'a') + ".com"));
  EXPECT_FALSE(is_host_name(std::string(64, 'a') + ".com"));
  std::string longest;
  while (longest.size() < 252) longest += "a.";
  EXPECT_TRUE(is_host_name(longest + "b"));
  EXPECT_FALSE(is_host_name(longest + "bc"));
}

TEST(Validate, JoinsHostAndPort) {
  EXPECT_EQ(host_port("10.0.0.1", 80), "10.0.0.1:80");
  EXPECT_EQ(host_port("web.example", 80), "web.example:80");
  EXPECT_EQ(host_port("::1", 80), "[::1]:80");
}

TEST(Validate, QuotesForALogLine) {
  EXPECT_EQ(quote_for_log("plain"), "\"plain\"");
  EXPECT_EQ(quote_for_log("a\n\"b\"\\\t\x7F\xC3\xA9"), "\"a\\n\\\"b\\\"\\\\\\x09\\x7f\\xc3\\xa9\"");
  EXPECT_EQ(quote_for_log(std::string_view("\0", 1)), "\"\\x00\"");
  EXPECT_EQ(quote_for_log(std::string(60, 'x')), "\"" + std::string(60, 'x') + "\"");
  EXPECT_EQ(quote_for_log(std::string(61, 'x')), "\"" + std::string(60, 'x') + "\"...");
}

TEST(Validate, KnowsLoopback) {
  for (const auto* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const auto* host : {"128.0.0.1", "10.127.0.1", "::", "127.example.org", "web"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace common
