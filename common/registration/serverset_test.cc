#include "common/registration/serverset.h"

#include <gtest/gtest.h>

#include "common/registration/registration.h"

namespace common {
namespace {

const std::string kMember = "member_0000000012";

std::string decoded_member(const std::string& data, const std::string& endpoint = "") {
  const auto registration = decode(kMember, data, endpoint);
  return registration ? encode(*registration) : registration.error().message;
}

TEST(Serverset, IsReadAsItIsWritten) {
  const std::string data =
      R"({"serviceEndpoint":{"host":"10.0.0.1","port":31000},"additionalEndpoints":{"admin":{"host":"10.0.0.1",)"
      R"("port":31001},"http":{"host":"10.0.0.2","port":"31002"}},"status":"ALIVE","shard":3})";
  EXPECT_EQ(decoded_member(data),
            R"({"available":true,"host":"10.0.0.1","port":31000,"name":"10.0.0.1:31000","labels":{"shard":"3"}})");
  EXPECT_EQ(decoded_member(data, "http"),
            R"({"available":true,"host":"10.0.0.2","port":31002,"name":"10.0.0.2:31002","labels":{"shard":"3"}})");
  EXPECT_EQ(decoded_member(data, "thrift"), R"(no additional endpoint "thrift"; there are: "admin", "http")");
}

TEST(Serverset, NeedsNothingButItsEndpoint) {
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1}})"),
            R"({"available":true,"host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{},"status":null})", "x"),
            R"(no additional endpoint "x"; there are: none)");
}

TEST(Serverset, IsUnavailableUnlessItIsAlive) {
  const auto with = [](const std::string& status) {
    return decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"status":)" + status + "}");
  };
  EXPECT_EQ(with("\"STOPPING\""),
            R"({"available":false,"unavailable_reason":"status STOPPING","host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(with("\"a\\nb\""),
            R"({"available":false,"unavailable_reason":"status a b","host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(with("2"), R"({"available":false,"unavailable_reason":"status 2","host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(with("{}"), R"({"available":false,"unavailable_reason":"status ","host":"a","port":1,"name":"a:1"})");
}

TEST(Serverset, IsJudgedAsOtherRecordsAre) {
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"port":1}})"), "field \"host\": is missing");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a"}})"), "field \"port\": is missing");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a b","port":1}})"),
            "field \"host\": neither an IP address nor a host name: \"a b\"");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":70000}})"),
            "field \"port\": must be a number between 1 and 65535, is 70000");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":{"host":"a"},"port":1}})"),
            "field \"host\": must be a string, is an object");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":"a:1"})"), "field \"host\": is missing");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":[{"host":"a","port":1}]})"), "field \"host\": is missing");
}

TEST(Serverset, DoesNotMixUpWhatStandsElsewhere) {
  EXPECT_EQ(
      decoded_member(R"({"x":{"serviceEndpoint":{"host":"evil","port":9}},"additionalEndpoints":{"a":{"b":{"host":)"
                     R"("evil","port":9}},"c":[{"host":"evil"}]},"serviceEndpoint":{"x":{"host":"evil"},"host":"a",)"
                     R"("port":1}})"),
      R"({"available":true,"host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{"a":{"b":{"host":"evil",)"
                           R"("port":9}}}})",
                           "a"),
            "field \"host\": is missing");
  EXPECT_EQ(
      decoded_member(
          R"({"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{"a":[{"host":"evil","port":9}]}})", "a"),
      R"(no additional endpoint "a"; there are: none)");
}

TEST(Serverset, RefusesWhatStandsTwice) {
  const std::string twice = "field \"port\" stands twice";
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1,"port":2}})"), twice);
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"serviceEndpoint":{"host":"b","port":2}})"),
            "field \"serviceEndpoint\" stands twice");
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{"x":{},"x":{}}})"),
            "field \"x\" stands twice");
}

TEST(Serverset, ARecordOfNervesStaysOne) {
  EXPECT_EQ(decoded_member(
                R"({"host":"a","port":1,"status":"DEAD","status":2,"shard":{},"serviceEndpoint":{"host":"b","port":)"
                R"(2},"serviceEndpoint":7,"additionalEndpoints":[]})",
                "admin"),
            R"({"available":true,"host":"a","port":1,"name":"a:1"})");
}

TEST(Serverset, BoundsTheEndpoints) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += (i > 0 ? ",\"e" : "\"e") + std::to_string(i) + "\":{}";
  EXPECT_EQ(decoded_member(R"({"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{)" + many + "}}"),
            "more than 64 additional endpoints");
}

}  // namespace
}  // namespace common
