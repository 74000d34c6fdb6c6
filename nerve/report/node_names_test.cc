#include "nerve/report/node_names.h"

#include <gtest/gtest.h>

#include "common/zookeeper/node_plan.h"

namespace nerve {
namespace {

common::Registration record(const std::string& name, int port = 80) {
  common::Registration result;
  result.host = "10.0.0.1";
  result.port = port;
  result.name = name;
  return result;
}

const NodeForm kPlain{};
const NodeForm kSequential{true, true, false};
const NodeForm kEncoded{true, false, true};
const NodeForm kBoth{true, true, true};

NodeNames names(NodeForm form, const std::string& service = "web", const std::string& shown = "web") {
  return NodeNames(form, common::node_name(service, "10.0.0.1", 80), record(shown));
}

TEST(NodeNames, AreAsEachFormHasThem) {
  EXPECT_EQ(names(kPlain).of(record("web")), "web_10.0.0.1_80");
  EXPECT_EQ(names(kSequential).of(record("web")), "web_10.0.0.1_80_");
  const auto encoded = names(kEncoded).of(record("web"));
  EXPECT_TRUE(common::zookeeper::is_numbered(encoded, common::encode_into_name(record("web")))) << encoded;
  EXPECT_EQ(names(kBoth).of(record("web")), common::encode_into_name(record("web")));
  EXPECT_TRUE(names(kPlain).fixed());
  for (const auto form : {kSequential, kEncoded, kBoth}) EXPECT_FALSE(names(form).fixed());
}

TEST(NodeNames, AnEarlierLifeIsKnownAgainAlsoWhenItsRecordDiffered) {
  EXPECT_TRUE(names(kSequential).recognises("web_10.0.0.1_80_0000000042"));
  EXPECT_TRUE(names(kSequential).recognises("web_10.0.0.1_80")) << "it was not sequential then";
  auto before = record("web");
  before.available = false;
  before.labels = {{"a", "b"}};
  EXPECT_TRUE(names(kEncoded).recognises(names(kEncoded).of(before)));
  EXPECT_TRUE(names(kBoth).recognises(names(kBoth).of(before) + "0000000042"));
}

TEST(NodeNames, AnotherFormIsKnownAgain) {
  for (const auto form : {kPlain, kSequential, kEncoded, kBoth}) {
    EXPECT_TRUE(names(form).recognises("web_10.0.0.1_80"));
    EXPECT_TRUE(names(form).recognises("web_10.0.0.1_80_0000000042"));
    EXPECT_TRUE(names(form).recognises(names(kEncoded).of(record("web"))));
    const bool alike = form == kBoth;
    EXPECT_EQ(names(form).recognises(names(kBoth).of(record("web")) + "0000000042"), alike);
  }
}

TEST(NodeNames, OthersAreNot) {
  EXPECT_FALSE(names(kSequential).recognises("web-2_10.0.0.1_80_0000000042"));
  EXPECT_FALSE(names(kSequential).recognises("web_10.0.0.1_8080_0000000042"));
  EXPECT_FALSE(names(kSequential).recognises("web_10.0.0.1_80_2"));
  EXPECT_FALSE(names(kEncoded).recognises("base64_4_abcd_0000000042"));
  EXPECT_FALSE(names(kBoth).recognises(common::encode_into_name(record("web", 81)) + "0000000042"));
}

TEST(NodeNames, TwoServicesThatShowOneNameStayApart) {
  const auto other = names(kEncoded, "web_2").of(record("web"));
  EXPECT_NE(other, names(kEncoded).of(record("web")));
  EXPECT_FALSE(names(kEncoded).recognises(other));
}

TEST(InstanceMark, IsTheSameForAllFormsOfOneInstance) {
  auto other_weight = record("web");
  other_weight.weight = 7;
  const auto marks = [&](const std::string& service, int port) {
    const NodeNames encoded(kEncoded, common::node_name(service, "10.0.0.1", port), record("web", port));
    const auto plain = common::node_name(service, "10.0.0.1", port);
    return std::vector<std::string>{plain, plain + "_0000000042", plain + "_-2147483648",
                                    encoded.of(record("web", port))};
  };
  for (const auto& one : marks("web", 80)) {
    for (const auto& other : marks("web", 80)) EXPECT_TRUE(InstanceMark(one).same_as(InstanceMark(other))) << other;
    for (const auto& other : marks("web", 81)) EXPECT_FALSE(InstanceMark(one).same_as(InstanceMark(other))) << other;
    EXPECT_FALSE(InstanceMark(one).same_as(InstanceMark("base64_4_abcd_0000000042")));
  }
  const InstanceMark numbered(common::encode_into_name(record("web")) + "0000000042");
  EXPECT_TRUE(numbered.same_as(InstanceMark(common::encode_into_name(other_weight) + "0000000043")));
  EXPECT_FALSE(numbered.same_as(InstanceMark(common::encode_into_name(record("web", 81)) + "0000000043")));
  EXPECT_FALSE(numbered.same_as(InstanceMark("web_10.0.0.1_80"))) << "nothing in its name tells";
}

}  // namespace
}  // namespace nerve
