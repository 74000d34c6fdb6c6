#include "common/zookeeper/acl.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

std::string problem(const std::string& text) {
  const auto parsed = parse_acl_entry(text);
  return parsed ? "" : parsed.error().message;
}

TEST(ZookeeperAcl, TakesWhatZkCliTakes) {
  EXPECT_EQ(parse_acl_entry("world:anyone:r").value(), (AclEntry{"world", "anyone", kRead}));
  EXPECT_EQ(parse_acl_entry("auth::cdrwa").value(), (AclEntry{"auth", "", kAll}));
  EXPECT_EQ(parse_acl_entry("ip:10.0.0.0/8:rw").value(), (AclEntry{"ip", "10.0.0.0/8", kRead | kWrite}));
  EXPECT_EQ(parse_acl_entry("ip:fd00::1:r").value(), (AclEntry{"ip", "fd00::1", kRead}));
  EXPECT_EQ(parse_acl_entry("digest:bob:lGFnnRhXfTtkcPKAPJvFwnHqKKQ=:cd").value(),
            (AclEntry{"digest", "bob:lGFnnRhXfTtkcPKAPJvFwnHqKKQ=", kCreate | kDelete}));
}

TEST(ZookeeperAcl, SaysWhatIsWrong) {
  EXPECT_EQ(problem("world"), "must be scheme:id:permissions, for example world:anyone:r or auth::cdrwa");
  EXPECT_EQ(problem("world:anyone"), "must be scheme:id:permissions, for example world:anyone:r or auth::cdrwa");
  EXPECT_EQ(problem("world:all:r"), "must be world:anyone:PERMISSIONS");
  EXPECT_EQ(problem("auth:bob:r"), "must be auth::PERMISSIONS, for the user of `auth`");
  EXPECT_EQ(problem("digest:bob:secret:r"), "must be digest:USER:BASE64 OF SHA1(USER:PASSWORD):PERMISSIONS");
  EXPECT_EQ(problem("ip::r"), "must be ip:ADDRESS or ADDRESS/BITS:PERMISSIONS");
  EXPECT_EQ(problem("word:anyone:r"), "unknown scheme \"word\"; known are world, auth, digest, ip, sasl, x509");
  EXPECT_EQ(problem("world:anyone:rx"), "unknown permission 'x'; they are c, d, r, w and a");
  EXPECT_EQ(problem("world:anyone:"), "permissions are missing: some of cdrwa");
}

TEST(ZookeeperAcl, AddsUpPermissions) {
  EXPECT_EQ(permissions_of({{"auth", "", kWrite}, {"world", "anyone", kRead | kWrite}}), kRead | kWrite);
  EXPECT_EQ(describe(kCreate), "c (create children)");
}

}  // namespace
}  // namespace common::zookeeper
