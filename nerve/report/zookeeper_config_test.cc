#include "nerve/report/zookeeper_config.h"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/document.h"
#include "nerve/report/kinds.h"

namespace nerve {
namespace {

using common::zookeeper::Acl;
using common::zookeeper::kAll;
using common::zookeeper::kRead;
using testing::ElementsAre;
using testing::EndsWith;

struct Parsed {
  ZookeeperOptions options;
  common::Diagnostics diagnostics;
};

Parsed parse(const std::string& keys) {
  const auto document = common::Document::parse("hosts: [a]\npath: /s\n" + keys, "nerve.yml");
  EXPECT_TRUE(document) << keys;
  Parsed parsed;
  common::ObjectReader object(common::Reader(*document, parsed.diagnostics));
  parsed.options = read_zookeeper_options(object);
  object.finish();
  return parsed;
}

ZookeeperOptions good(const std::string& keys) {
  auto parsed = parse(keys);
  EXPECT_THAT(parsed.diagnostics.errors, ElementsAre()) << keys;
  EXPECT_THAT(parsed.diagnostics.warnings, ElementsAre()) << keys;
  return parsed.options;
}

std::vector<std::string> errors(const std::string& keys) {
  return parse(keys).diagnostics.errors;
}

class PasswordFile {
 public:
  PasswordFile(const std::string& text, mode_t mode) {
    path_ = testing::TempDir() + "password-XXXXXX";
    ::close(::mkstemp(path_.data()));
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  ~PasswordFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string auth() const { return "auth: {username: bob, passwordFile: " + path_ + "}"; }

 private:
  std::string path_;
};

TEST(ZookeeperConfig, IsOpenAndEphemeralByDefault) {
  const auto options = good("");
  EXPECT_EQ(options.hosts, "a:2181");
  EXPECT_EQ(options.auth, common::zookeeper::Credentials{});
  EXPECT_EQ(options.acl, Acl{});
  EXPECT_EQ(options.node, (NodeForm{true, false, false}));
  EXPECT_FALSE(options.expose_on_disable);
}

TEST(ZookeeperConfig, ReadsTheFormOfTheNode) {
  EXPECT_EQ(good("nodeType: ephemeral_sequential").node, (NodeForm{true, true, false}));
  EXPECT_EQ(good("nodeType: persistent").node, (NodeForm{false, false, false}));
  EXPECT_EQ(good("nodeType: persistent_sequential\npathEncoding: true").node, (NodeForm{false, true, true}));
  EXPECT_TRUE(good("exposeOnDisable: true").expose_on_disable);
  EXPECT_THAT(errors("nodeType: sequential"), ElementsAre(testing::HasSubstr("ephemeral_sequential")));
}

TEST(ZookeeperConfig, WhoLogsInOwnsTheNodesAndAllMayRead) {
  const auto options = good("auth: {username: bob, password: secret}");
  EXPECT_EQ(options.auth, (common::zookeeper::Credentials{"bob", "secret"}));
  EXPECT_EQ(options.acl, (Acl{{"auth", "", kAll}, {"world", "anyone", kRead}}));
  EXPECT_EQ(good("auth: {username: bob, password: secret}\nacl: ['auth::cdrwa']").acl, (Acl{{"auth", "", kAll}}));
  EXPECT_EQ(good("acl: ['world:anyone:r', 'ip:10.0.0.0/8:cdrwa']").acl,
            (Acl{{"world", "anyone", kRead}, {"ip", "10.0.0.0/8", kAll}}));
}

TEST(ZookeeperConfig, ReadsThePasswordFromTheFirstLineOfAFile) {
  const PasswordFile file("secret \nsecond line\n", 0600);
  EXPECT_EQ(good(file.auth()).auth.password, "secret ");
}

TEST(ZookeeperConfig, RefusesAPasswordThatEverybodyCanRead) {
  const PasswordFile file("secret\n", 0644);
  EXPECT_THAT(
      errors(file.auth()),
      ElementsAre("nerve.yml:3: auth.passwordFile: everybody can read, or others can write, the password in " +
                  file.path() + "; run: chmod 600 " + file.path() + " (of a Kubernetes secret: defaultMode: 0440)"));
  const PasswordFile of_group("secret\n", 0440);
  EXPECT_EQ(good(of_group.auth()).auth.password, "secret");
}

TEST(ZookeeperConfig, SaysWhatIsWrongWithTheAuth) {
  EXPECT_THAT(errors("auth: {username: bob}"), ElementsAre("nerve.yml:3: auth: needs either password or passwordFile"));
  EXPECT_THAT(errors("auth: {username: bob, password: secret, passwordFile: /x}"),
              ElementsAre("nerve.yml:3: auth: needs either password or passwordFile"));
  EXPECT_THAT(errors("auth: {username: 'bob:secret', password: secret}"),
              ElementsAre("nerve.yml:3: auth.username: must not contain ':'"));
  EXPECT_THAT(errors("auth: {password: secret}").size(), 1u);
  EXPECT_THAT(errors("auth: {username: bob, passwordFile: /does/not/exist}"),
              ElementsAre(testing::StartsWith("nerve.yml:3: auth.passwordFile: ")));
  const PasswordFile empty("\n", 0600);
  EXPECT_THAT(errors(empty.auth()), ElementsAre(EndsWith("holds no password in its first line")));
}

TEST(ZookeeperConfig, SaysWhatIsWrongWithTheAcl) {
  EXPECT_THAT(errors("acl: ['world:anyone:cdrx']"),
              ElementsAre("nerve.yml:3: acl[0]: unknown permission 'x'; they are c, d, r, w and a"));
  EXPECT_THAT(errors("acl: ['auth::cdrwa']"),
              ElementsAre("nerve.yml:3: acl[0]: the scheme auth means the user of `auth`, which is missing"));
  EXPECT_THAT(errors("acl: ['world:anyone:cdr']"),
              ElementsAre("nerve.yml:3: acl: allows w (write) to nobody; nerve itself needs it"));
  EXPECT_THAT(errors("acl: []"),
              ElementsAre("nerve.yml:3: acl: must be a list with at least one entry; leave it out for open nodes"));
}

TEST(ZookeeperPlace, IsTheSameHoweverItsHostsAreWritten) {
  ZookeeperOptions one;
  one.hosts = "b:2181,a:2181/apps";
  one.path = "/services/web";
  ZookeeperOptions other;
  other.hosts = "a:2181,b:2181";
  other.path = "/apps/services/web";
  EXPECT_EQ(ensemble_of(one), "a:2181,b:2181");
  EXPECT_EQ(ensemble_of(other), ensemble_of(one));
  EXPECT_EQ(path_with_chroot(one), "/apps/services/web");
  EXPECT_EQ(path_with_chroot(other), path_with_chroot(one));
  const auto place = [](const ZookeeperOptions& options) { return place_of({"zookeeper", options}, "web_1"); };
  EXPECT_EQ(place(one), place(other)) << "a reload that writes it otherwise moves no node";
  one.path = "/";
  EXPECT_EQ(path_with_chroot(one), "/apps");
}

}  // namespace
}  // namespace nerve
