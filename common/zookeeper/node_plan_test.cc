#include "common/zookeeper/node_plan.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

constexpr std::int64_t kSession = 7;
const NodeKind kEphemeral{"/s"};
const NodeKind kPersistent{"/s", false};
const NodeKind kSequential{"/s", true, true};
const NodeKind kPersistentSequential{"/s", false, true};
const WantedNode kWish{"a", "data"};
const WantedNode kNumberedWish{"a_", "data"};

FoundNode found(const std::string& name, std::int64_t owner, std::int64_t created = 1, const std::string& data = "data",
                std::int32_t version = 3) {
  FoundNode node{name, data, {}};
  node.stat.owner = owner;
  node.stat.created_zxid = created;
  node.stat.version = version;
  return node;
}

// "delete a 3, create a", in words.
std::string words(const NodePlan& plan) {
  std::string result;
  for (const auto& operation : plan.operations) {
    if (!result.empty()) result += ", ";
    if (const auto* create = std::get_if<CreateOperation>(&operation)) {
      result += std::string("create ") + (create->ephemeral ? "ephemeral " : "") +
                (create->sequential ? "sequential " : "") + create->path;
    } else if (const auto* set = std::get_if<SetOperation>(&operation)) {
      result += "set " + set->path;
    } else {
      const auto& remove = std::get<DeleteOperation>(operation);
      result += "delete " + remove.path + " " + std::to_string(remove.version);
    }
  }
  return result;
}

TEST(NodePlan, CreatesWhatIsNotThere) {
  EXPECT_EQ(words(plan_node(kEphemeral, kSession, {}, kWish)), "create ephemeral /s/a");
  EXPECT_EQ(words(plan_node(kPersistent, kSession, {}, kWish)), "create /s/a");
  EXPECT_EQ(words(plan_node(kSequential, kSession, {}, kNumberedWish)), "create ephemeral sequential /s/a_");
  EXPECT_EQ(words(plan_node(kPersistentSequential, kSession, {}, kNumberedWish)), "create sequential /s/a_");
  EXPECT_EQ(words(plan_node(kEphemeral, kSession, {}, std::nullopt)), "");
}

TEST(NodePlan, KeepsWhatFitsAndMendsItsData) {
  EXPECT_EQ(words(plan_node(kEphemeral, kSession, {found("a", kSession)}, kWish)), "");
  EXPECT_EQ(words(plan_node(kPersistent, kSession, {found("a", 0)}, kWish)), "");
  EXPECT_EQ(words(plan_node(kSequential, kSession, {found("a_0000000004", kSession)}, kNumberedWish)), "");
  const auto plan = plan_node(kSequential, kSession, {found("a_0000000004", kSession, 1, "old")}, kNumberedWish);
  EXPECT_EQ(words(plan), "set /s/a_0000000004");
  EXPECT_EQ(plan.kept->name, "a_0000000004");
}

TEST(NodePlan, TakesOverWhatAnotherSessionHas) {
  const auto plan = plan_node(kEphemeral, kSession, {found("a", 8)}, kWish);
  EXPECT_EQ(words(plan), "delete /s/a 3, create ephemeral /s/a");
  EXPECT_EQ(plan.taken_over->stat.owner, 8);
  EXPECT_EQ(words(plan_node(kPersistent, kSession, {found("a", 8)}, kWish)), "delete /s/a 3, create /s/a");
}

TEST(NodePlan, AnotherKindOfNodeIsReplaced) {
  const auto plan = plan_node(kEphemeral, kSession, {found("a", 0)}, kWish);
  EXPECT_EQ(words(plan), "delete /s/a -1, create ephemeral /s/a");
  EXPECT_FALSE(plan.taken_over);
  EXPECT_EQ(words(plan_node(kPersistent, kSession, {found("a", kSession)}, kWish)), "delete /s/a -1, create /s/a");
}

TEST(NodePlan, AmongSeveralTheOldestStays) {
  const auto twice = {found("a_0000000005", kSession, 20), found("a_0000000004", kSession, 10)};
  EXPECT_EQ(words(plan_node(kSequential, kSession, twice, kNumberedWish)), "delete /s/a_0000000005 -1");
  const auto with_older_life = {found("a_0000000003", 8, 5), found("a_0000000004", kSession, 10)};
  EXPECT_EQ(words(plan_node(kSequential, kSession, with_older_life, kNumberedWish)), "delete /s/a_0000000003 3");
}

TEST(NodePlan, AChangedNameIsCreatedAndTheOldOneDeletedAtOnce) {
  const NodeKind kind{"/s"};
  EXPECT_EQ(words(plan_node(kind, kSession, {found("base64_old_1", kSession)}, WantedNode{"base64_new_1", "new"})),
            "delete /s/base64_old_1 -1, create ephemeral /s/base64_new_1");
}

TEST(NodePlan, RemovesWhatIsOursAndNothingElse) {
  const auto all = {found("a_0000000001", kSession), found("a_0000000002", 0), found("a_0000000003", 8)};
  EXPECT_EQ(words(plan_node(kSequential, kSession, all, std::nullopt)),
            "delete /s/a_0000000001 -1, delete /s/a_0000000002 -1");
}

TEST(NodePlan, TellsItsOwnNumbersFromAnotherServicesName) {
  EXPECT_TRUE(is_numbered("web_h_80_0000000001", "web_h_80_"));
  EXPECT_TRUE(is_numbered("web_h_80_-2147483648", "web_h_80_"));
  EXPECT_FALSE(is_numbered("web_h_80_1", "web_h_80_"));
  EXPECT_FALSE(is_numbered("web_h_8080_0000000001", "web_h_80_"));
  EXPECT_FALSE(is_numbered("web_h_80_2_0000000001", "web_h_80_"));
  EXPECT_FALSE(is_numbered("web_h_80_000000000x", "web_h_80_"));
  EXPECT_FALSE(is_numbered("web_h_80_", "web_h_80_"));
}

TEST(NodePlan, Paths) {
  EXPECT_EQ(join_path("/", "a"), "/a");
  EXPECT_EQ(join_path("/s", "a"), "/s/a");
  EXPECT_EQ(parent_of("/s/a"), "/s");
  EXPECT_EQ(parent_of("/s"), "/");
}

}  // namespace
}  // namespace common::zookeeper
