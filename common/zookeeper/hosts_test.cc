#include "common/zookeeper/hosts.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

std::string problem_of(const std::string& hosts) {
  const auto checked = check_hosts(hosts);
  return checked ? "" : checked.error().message;
}

TEST(ZookeeperHosts, TakesNamesAddressesAndAChroot) {
  EXPECT_EQ(problem_of("127.0.0.1:2181"), "");
  EXPECT_EQ(problem_of("zk1:2181,zk2.example:65535/services/prod"), "");
}

TEST(ZookeeperHosts, RefusesWhatTheClientWouldMisread) {
  const std::string advice = "; write them as host:port,host:port[/chroot]";
  EXPECT_EQ(problem_of("zk1:99999"),
            "ZooKeeper hosts \"zk1:99999\": port \"99999\" is not a number between 1 and 65535" + advice);
  EXPECT_EQ(problem_of("zk1"), "ZooKeeper hosts \"zk1\": a port is missing" + advice);
  EXPECT_EQ(problem_of("zk1:21x"),
            "ZooKeeper hosts \"zk1:21x\": port \"21x\" is not a number between 1 and 65535" + advice);
  EXPECT_EQ(problem_of("zk1:2181,,zk2:2181"), "ZooKeeper hosts \"zk1:2181,,zk2:2181\": an entry is empty" + advice);
  EXPECT_NE(problem_of("[::1]:2181"), "");
  EXPECT_NE(problem_of("::1:2181"), "");
  EXPECT_NE(problem_of(":2181"), "");
  EXPECT_NE(problem_of(""), "");
  EXPECT_NE(problem_of("zk 1:2181"), "");
  EXPECT_NE(problem_of("zk\x7f:2181"), "");
  EXPECT_EQ(problem_of("zk1:2181/a/"), "ZooKeeper hosts \"zk1:2181/a/\": the chroot must not end with '/'");
  EXPECT_EQ(problem_of("zk1:2181/a//b"), "ZooKeeper hosts \"zk1:2181/a//b\": the chroot must not contain '//'");
}

TEST(ZookeeperHosts, SplitsOffTheChroot) {
  EXPECT_EQ(split_hosts("a:1,b:2/x/y").servers, "a:1,b:2");
  EXPECT_EQ(split_hosts("a:1,b:2/x/y").chroot, "/x/y");
  EXPECT_EQ(split_hosts("a:1/").chroot, "");
  EXPECT_EQ(split_hosts("a:1").servers, "a:1");
}

TEST(ZookeeperHosts, JoinsAListAndAddsTheUsualPort) {
  EXPECT_EQ(join_hosts({"zk1", "zk2:2182"}), "zk1:2181,zk2:2182");
  EXPECT_EQ(join_hosts({"zk1:2181", "zk2:2181/prod"}), "zk1:2181,zk2:2181/prod");
  EXPECT_EQ(join_hosts({"a:1,b:2"}), "a:1,b:2");
}

TEST(ZookeeperPath, TakesWhatZookeeperTakes) {
  for (const auto* path : {"/", "/a", "/services/web.1/a-b_c", "/a b", "/...", "/\xC3\xA9"}) {
    EXPECT_TRUE(check_path(path).has_value()) << path;
  }
}

TEST(ZookeeperPath, SaysWhatIsWrong) {
  EXPECT_EQ(check_path("").error().message, "must start with '/'");
  EXPECT_EQ(check_path("services").error().message, "must start with '/'");
  EXPECT_EQ(check_path("/a/").error().message, "must not end with '/'");
  EXPECT_EQ(check_path("/a//b").error().message, "must not contain '//'");
  EXPECT_EQ(check_path("/a/../b").error().message, "must not contain '.' or '..' as a name");
  EXPECT_EQ(check_path("/.").error().message, "must not contain '.' or '..' as a name");
  EXPECT_EQ(check_path("/a\nb").error().message, "must not contain control characters");
}

}  // namespace
}  // namespace common::zookeeper
