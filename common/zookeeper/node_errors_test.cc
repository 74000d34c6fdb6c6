#include "common/zookeeper/node_errors.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

TEST(NodeErrors, NameThePathAndZookeepersWords) {
  EXPECT_EQ(read_error("/s/a", Status::lost, "connection loss", "bob"), "read /s/a: connection loss");
  EXPECT_EQ(write_error(SetOperation{"/s/a", ""}, Status::failed, "too long", ""), "write /s/a: too long");
}

TEST(NodeErrors, NameThePermissionThatIsMissingAndForWhom) {
  const auto denied = [](const Operation& operation, const std::string& user) {
    return write_error(operation, Status::no_auth, "not authenticated", user);
  };
  EXPECT_EQ(denied(CreateOperation{"/s/a", ""}, "bob"),
            "create /s/a: user \"bob\" lacks the permission c (create children) on /s, or its password is wrong");
  EXPECT_EQ(denied(CreateOperation{"/s", ""}, ""),
            "create /s: a client without auth lacks the permission c (create children) on /");
  EXPECT_EQ(denied(SetOperation{"/s/a", ""}, ""),
            "write /s/a: a client without auth lacks the permission w (write) on /s/a");
  EXPECT_EQ(denied(DeleteOperation{"/s/a"}, ""),
            "delete /s/a: a client without auth lacks the permission d (delete children) on /s");
  EXPECT_EQ(read_error("/s/a", Status::no_auth, "not authenticated", ""),
            "read /s/a: a client without auth lacks the permission r (read) on /s/a");
  EXPECT_EQ(list_error("/s", Status::no_auth, "not authenticated", ""),
            "list /s: a client without auth lacks the permission r (read) on /s");
}

}  // namespace
}  // namespace common::zookeeper
