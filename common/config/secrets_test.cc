#include "common/config/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kWords = ": a secret, as it seems, in a file that others may read; run: chmod 600 c.yml";

std::vector<std::string> warnings(const std::string& text, const std::string& expanded, bool open = true) {
  Diagnostics diagnostics;
  warn_of_open_secrets(
      Document::parse(expanded, "c.yml").value(), text, [=](const auto&) { return open; }, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  return diagnostics.warnings;
}

std::vector<std::string> warnings(const std::string& text) {
  return warnings(text, text);
}

TEST(OpenSecrets, AreToldOnceForAFile) {
  EXPECT_THAT(warnings("services:\n- checks:\n  - password: hunter2\n"),
              ElementsAre("c.yml:3: services[0].checks[0].password" + kWords));
  EXPECT_THAT(warnings("services:\n- checks:\n  - password: hunter2\n  - token: a\n  - apiKey: b\n"),
              ElementsAre("c.yml:3: services[0].checks[0].password and 2 more" + kWords));
}

TEST(OpenSecrets, AreNoneWhereNobodyElseReads) {
  EXPECT_THAT(warnings("password: hunter2", "password: hunter2", false), IsEmpty());
  Diagnostics diagnostics;
  warn_of_open_secrets(Document::parse("password: hunter2", "c.yml").value(), "", {}, diagnostics);
  EXPECT_THAT(diagnostics.warnings, IsEmpty());
}

TEST(OpenSecrets, StandWhereTheyAreMasked) {
  for (const auto* text :
       {"proxyPassword: hunter2", "environment: {PGPASSWORD: hunter2}", "secret: [a, b]",
        "environment: {DSN: 'root:hunter2@tcp(h:1)/'}", "headers: {Authorization: Bearer hunter2}",
        "headers: {X-Auth: hunter2}", "datasource: 'root:hunter2@tcp(h:1)/'", "urls: ['http://bob:hunter2@h/']",
        "urls: ['http://h/?token=hunter2']", "command: [redis-cli, -a, hunter2, ping]",
        "reloadCommand: [sh, -c, 'r --password hunter2']", "global: ['stats auth bob:hunter2']",
        "extraSections: {userlist u: ['user a password h']}"}) {
    EXPECT_EQ(warnings(text).size(), 1u) << text;
  }
}

TEST(OpenSecrets, AreNotWhatMerelyMightBeOne) {
  for (const auto* text :
       {"command: [/usr/bin/check, web, --all, -v]", "path: /health?verbose=1", "body: '{\"query\": 1}'",
        "environment: {LANG: C}", "headers: {X-Forwarded-Proto: https, Host: a.test}", "passwordFile: /run/secrets/pw",
        "apiTokenFile: /run/secrets/token", "datasource: '{{.Username}}:{{.Password}}@tcp({{.Host}}:1)/'",
        "password:", "password: ''", "labels: {az: a}", "global: ['stats socket /run/h.sock level admin']"}) {
    EXPECT_THAT(warnings(text), IsEmpty()) << text;
  }
}

TEST(OpenSecrets, OfTheEnvironmentAreNoneOfTheFiles) {
  EXPECT_THAT(warnings("password: '{{ .PW }}'", "password: 'hunter2'"), IsEmpty());
  EXPECT_THAT(warnings("headers: {Authorization: 'Bearer {{ .PW }}'}", "headers: {Authorization: 'Bearer hunter2'}"),
              IsEmpty());
  EXPECT_THAT(warnings("datasource: 'root:{{.PW}}@tcp(h:1)/'", "datasource: 'root:hunter2@tcp(h:1)/'"), IsEmpty());
  EXPECT_THAT(warnings("command: [c, -a, '{{.PW}}']", "command: [c, -a, hunter2]"), IsEmpty());
  EXPECT_THAT(warnings("port: {{.PORT}}\npassword: hunter2", "port: 80\npassword: hunter2"),
              ElementsAre("c.yml:2: password" + kWords));
  EXPECT_THAT(warnings("{{.ALL}}", "port: 80\npassword: hunter2"), IsEmpty());
  EXPECT_THAT(warnings("a: 1\n{{.ALL}}\npassword: hunter2", "a: 1\nb: 2\npassword: hunter2"),
              ElementsAre("c.yml:3: password" + kWords))
      << "without the variable it is no document";
}

}  // namespace
}  // namespace common
