#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/registration/validate.h"

namespace common {
namespace {

using testing::ElementsAre;

// The words with one space between them, or the error.
std::string parsed(const std::string& options) {
  const auto words = parse_server_options(options);
  if (!words) return words.error().message;
  std::string result;
  for (const auto& word : *words) result += (result.empty() ? "" : " ") + word;
  return result;
}

TEST(ServerOptions, SplitsWords) {
  EXPECT_THAT(*parse_server_options(" check  inter\t2s "), ElementsAre("check", "inter", "2s"));
  EXPECT_TRUE(parse_server_options("")->empty());
  EXPECT_TRUE(parse_server_options(" \t ")->empty());
}

TEST(ServerOptions, TakesWhatIsAllowed) {
  for (const auto* options : {
           "check inter 2s fastinter 50 downinter 1d rise 1 fall 1000 port 65535",
           "ssl verify none alpn h2,http/1.1 check-ssl check-alpn h2 send-proxy check-send-proxy send-proxy-v2 tfo",
           "agent-check agent-port 1 agent-inter 5m",
           "observe layer4 on-error mark-down error-limit 10 on-marked-down shutdown-sessions",
           "observe layer7 on-error sudden-death on-marked-up shutdown-backup-sessions",
           "backup maxconn 0 minconn 1 maxqueue 1000000 slowstart 60s",
           "pool-low-conn 1 pool-max-conn -1 pool-purge-delay 5s",
           "cookie web-1_a.b:c id 2147483647",
       }) {
    EXPECT_EQ(parsed(options), options);
  }
}

TEST(ServerOptions, RefusesWhatIsNotAllowed) {
  for (const auto* word : {"addr",         "agent-addr",  "agent-send",
                           "allow-0rtt",   "ca-file",     "ciphers",
                           "check-sni",    "crl-file",    "crt",
                           "disabled",     "enabled",     "init-addr",
                           "namespace",    "no-check",    "no-ssl",
                           "no-verify",    "proto",       "redir",
                           "resolvers",    "sni",         "socks4",
                           "source",       "stick",       "track",
                           "usesrc",       "weight",      "ws",
                           "verifyhost",   "interface",   "CHECK",
                           "force-tlsv10", "ssl-max-ver", "set-proxy-v2-tlv-fmt",
                           "check-proto",  "log-proto",   "x"}) {
    EXPECT_EQ(parsed(std::string(word) + " 1"), "word \"" + std::string(word) + "\" is not allowed");
  }
}

TEST(ServerOptions, RefusesWhatMeansSomethingToTheLineParser) {
  for (const auto* options : {"check\nbackend evil", "check\r", "check \"x\"", "check 'x'", "check \\x", "cookie $HOME",
                              "cookie ${HOME}", "check # x", "check;x", "cookie \xC3\xA9", "cookie \x7F", "\x01"}) {
    EXPECT_EQ(parsed(options), "forbidden character in " + quote_for_log(options));
  }
  EXPECT_FALSE(parse_server_options(std::string_view("check\0", 6)).has_value());
}

TEST(ServerOptions, JudgesValues) {
  const auto bad = [](const std::string& value, const std::string& keyword) {
    EXPECT_EQ(parsed(keyword + " " + value), "bad value \"" + value + "\" behind \"" + keyword + "\"");
  };
  for (const auto* value :
       {"0", "49", "-1", "25h", "2d", "1us", "1x", "s", "2S", "1e3", "99999999999999999999", "1.5s"}) {
    bad(value, "inter");
  }
  for (const auto* value : {"0", "0s", "1us", "2d"}) bad(value, "slowstart");
  for (const auto* value : {"0", "1001", "-1", "abc", "1x", "+1", "0x10"}) bad(value, "rise");
  for (const auto* value : {"0", "65536", "-1", "80abc"}) bad(value, "port");
  for (const auto* value : {"-1", "1000001"}) bad(value, "maxconn");
  for (const auto* value : {"-2", "1000001"}) bad(value, "pool-max-conn");
  for (const auto* value : {"0", "2147483648"}) bad(value, "id");
  for (const auto* value : {"required", "check"}) bad(value, "verify");
  for (const auto* value : {"layer3", "check"}) bad(value, "observe");
  for (const auto* value : {"a/b", "a,b", "a@b", "a=b"}) bad(value, "cookie");
  for (const auto* value : {",h2", "h2,", "h2,,http/1.1", "h2@x"}) bad(value, "alpn");
  bad("die", "on-error");
  bad("x", "on-marked-down");
  bad("x", "on-marked-up");
}

TEST(ServerOptions, MissesAValue) {
  EXPECT_EQ(parsed("check inter"), "value missing behind \"inter\"");
}

TEST(ServerOptions, RefusesWhatWouldKeepAConfigurationFromLoading) {
  EXPECT_EQ(parsed("ssl"), "\"ssl\" needs \"verify none\" beside it");
  EXPECT_EQ(parsed("check check-ssl"), "\"check-ssl\" needs \"verify none\" beside it");
  EXPECT_EQ(parsed("agent-check agent-inter 5s"), "\"agent-check\" needs \"agent-port\" beside it");
  EXPECT_EQ(parsed("cookie verify ssl"), "\"ssl\" needs \"verify none\" beside it");
}

TEST(ServerOptions, KnowsWhichKeywordsHaveAValue) {
  for (const auto* keyword : {"inter", "cookie", "alpn", "id", "verify"}) EXPECT_TRUE(server_option_has_value(keyword));
  for (const auto* keyword : {"check", "ssl", "backup", "unknown", ""}) EXPECT_FALSE(server_option_has_value(keyword));
}

TEST(ServerOptions, IsBounded) {
  std::string many;
  for (int i = 0; i < 30; ++i) many += "check ";
  EXPECT_EQ(parse_server_options(many)->size(), 30u);
  EXPECT_EQ(parsed(many + "check"), "more than 30 words");
  EXPECT_EQ(parsed("cookie " + std::string(100, 'x')), "cookie " + std::string(100, 'x'));
  EXPECT_EQ(parsed("cookie " + std::string(101, 'x')), "word too long: " + quote_for_log(std::string(101, 'x')));
  EXPECT_EQ(parsed(std::string(1001, ' ')), "longer than 1000 characters");
}

}  // namespace
}  // namespace common
