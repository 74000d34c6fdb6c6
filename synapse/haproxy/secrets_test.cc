#include "synapse/haproxy/secrets.h"

#include <map>

#include <gtest/gtest.h>

namespace synapse::haproxy {
namespace {

std::optional<std::string> environment(const std::string& name) {
  static const std::map<std::string, std::string> values{{"PW", "fromenv9"}, {"ZONE", "eu-west-1"}};
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::string masked(std::string_view configuration, std::string_view said) {
  return Secrets(configuration, environment).masked(said);
}

TEST(Secrets, AreTakenOutOfWhatIsSaid) {
  const std::string configuration =
      "backend web\n    http-request set-header Authorization Bearer hunter22\n    server a 127.0.0.1:1 check\n";
  EXPECT_EQ(masked(configuration, "parsing [f:2] : expects 'if', but found 'hunter22' (hunter22)"),
            "parsing [f:2] : expects 'if', but found '***' (***)");
  EXPECT_EQ(masked(configuration, "unknown keyword 'check' in 'backend' section"),
            "unknown keyword 'check' in 'backend' section");
  EXPECT_EQ(masked("", "anything\n"), "anything\n");
}

TEST(Secrets, AreKnownAsHaproxyUnderstandsThem) {
  EXPECT_EQ(masked("user bob insecure-password hunt\\ er\"22\"", "'hunt er22' and hunt\\ er\"22\""), "'***' and ***");
  EXPECT_EQ(masked("stats auth admin:hunter22", "account 'admin:hunter22', password 'hunter22'"),
            "account '***', password '***'");
}

TEST(Secrets, MayStandInTheEnvironment) {
  EXPECT_EQ(masked("stats auth \"admin:${PW}\"", "found 'admin:fromenv9'"), "found 'admin:***'");
  EXPECT_EQ(masked("user bob insecure-password \"$PW\"", "found 'fromenv9'"), "found '***'");
  EXPECT_EQ(masked("bind \"$ZONE:80\"", "found 'eu-west-1:80'"), "found 'eu-west-1:80'");  // not of a secret
}

TEST(Secrets, AreNotShownInAPartOfALine) {
  const std::string configuration = "listen a\n\tstats auth admin:hunter\"22\nlisten b\n";
  EXPECT_EQ(masked(configuration, "parsing [f:2]: unmatched quote at position 24:\n   stats auth admin:hunt\n     ^"),
            "parsing [f:2]: unmatched quote at position 24:\n  ***\n     ^");
  EXPECT_EQ(masked(configuration, "  auth admin:hunter\"2..."), "  ***");
  EXPECT_EQ(masked(configuration, "  listen a"), "  listen a");
}

TEST(Secrets, AreFoundWhenTheirEndIsCutOff) {
  EXPECT_EQ(masked("user bob password abcdefgh", "found 'abcdefg"), "found '***");
  EXPECT_EQ(masked("user bob password abcdefgh", "found 'abc"), "found 'abc");
}

TEST(Secrets, OfServersAreInTheirOptionsOnly) {
  const std::string configuration =
      "    server a 10.0.0.1:80 sni str(token=hunter22)\n    server b 10.0.0.2:80 sni str(token=hunter22)\n"
      "    server c 10.0.0.3:80 sni str(token=hunter23)\n    server d 10.0.0.4:80\n";
  EXPECT_EQ(masked(configuration, "server b 10.0.0.2:80 'str(token=hunter22)' 'str(token=hunter23)'"),
            "server b 10.0.0.2:80 '***' '***'");
}

}  // namespace
}  // namespace synapse::haproxy
