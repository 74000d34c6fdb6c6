#include "common/registration/claimed_name.h"

#include <string>

#include <gtest/gtest.h>

namespace common {
namespace {

const std::string kHash = "c_0123456789abcdef0123456789abcdef0000000001";

TEST(ClaimedName, IsWhatTheRecordSays) {
  EXPECT_EQ(claimed_name("x", R"({"name":"web","port":70000})"), "web");
  EXPECT_EQ(claimed_name("x", R"({"name":"web\nserver evil"})"), "");
  EXPECT_EQ(claimed_name("x", R"({"name":7})"), "");
  EXPECT_EQ(claimed_name("x", "garbage"), "");
  EXPECT_EQ(claimed_name("x", ""), "");
}

TEST(NodeMayBeOf, KnowsTheFormsOfNodes) {
  for (const auto& child :
       {"web_10.0.0.1_80", "web_a.example_80", "web_2001:db8::1_80", "web_0000000012", "web_10.0.0.1_80_0000000012"}) {
    EXPECT_TRUE(node_may_be_of(child, "web")) << child;
  }
  EXPECT_TRUE(node_may_be_of("web_10.0.0.1_" + kHash, "web"));
  EXPECT_TRUE(node_may_be_of("web_" + kHash, "web"));
  EXPECT_TRUE(node_may_be_of("web_2_10.0.0.1_80", "web_2"));
}

TEST(NodeMayBeOf, DoesNotTakeABeginningForAName) {
  for (const auto& child : {"web_2_10.0.0.1_80", "web2_10.0.0.1_80", "web_x", "web", "web_", "web_10.0.0.1_800000",
                            "web_2_0000000012", ""}) {
    EXPECT_FALSE(node_may_be_of(child, "web")) << child;
  }
  EXPECT_FALSE(node_may_be_of("web_2_10.0.0.1_" + kHash, "web"));
  EXPECT_FALSE(node_may_be_of("_10.0.0.1_80", ""));
}

}  // namespace
}  // namespace common
