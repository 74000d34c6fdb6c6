#include "common/admin/target.h"

#include <string>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(AdminTarget, IsAnAddressOrASocket) {
  const struct {
    const char* text;
    AdminTarget target;
    const char* words;
  } cases[] = {
      {"10.0.0.1:99", {"", "10.0.0.1", 99}, "10.0.0.1:99"},
      {"box.local", {"", "box.local", 3454}, "box.local:3454"},
      {"[::1]:99", {"", "::1", 99}, "[::1]:99"},
      {"[::1]", {"", "::1", 3454}, "[::1]:3454"},
      {"::1", {"", "::1", 3454}, "[::1]:3454"},
      {"unix:/run/n.sock", {"/run/n.sock"}, "unix:/run/n.sock"},
      {"unix:n.sock", {"n.sock"}, "unix:n.sock"},
      {"./n.sock", {"./n.sock"}, "unix:./n.sock"},
  };
  for (const auto& good : cases) {
    const auto target = parse_admin_target(good.text, 3454);
    ASSERT_TRUE(target.has_value()) << good.text;
    EXPECT_EQ(*target, good.target) << good.text;
    EXPECT_EQ(target->words(), good.words);
  }
}

TEST(AdminTarget, NothingElse) {
  for (const auto* text :
       {"", ":99", "host:", "host:0", "host:65536", "host:9x", "a b:1", "unix:", "n.sock:", "[::1"}) {
    EXPECT_FALSE(parse_admin_target(text, 3454).has_value()) << text;
  }
  EXPECT_EQ(parse_admin_target("a:b", 3454).error().message,
            "--api must be HOST:PORT, unix:PATH or a path with a slash, got \"a:b\"");
}

TEST(AdminTarget, IsWhereTheConfigurationSays) {
  EXPECT_EQ(configured_admin_target("/run/n.sock", "0.0.0.0", 0)->words(), "unix:/run/n.sock");
  EXPECT_EQ(configured_admin_target("", "0.0.0.0", 99)->words(), "127.0.0.1:99");
  EXPECT_EQ(configured_admin_target("", "::", 99)->words(), "[::1]:99");
  EXPECT_EQ(configured_admin_target("", "10.0.0.1", 99)->words(), "10.0.0.1:99");
  EXPECT_EQ(configured_admin_target("", "10.0.0.1", 0).error().message,
            "apiPort is 0, so nobody knows the port; give --api, or set apiSocket");
}

TEST(PercentEncode, LeavesOnlyWhatNeedsNoEscape) {
  EXPECT_EQ(percent_encode("web-1_a.b~"), "web-1_a.b~");
  EXPECT_EQ(percent_encode("a/b c%?#\xC3\xA9:80"), "a%2Fb%20c%25%3F%23%C3%A9%3A80");
}

}  // namespace
}  // namespace common
