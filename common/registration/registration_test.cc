#include "common/registration/registration.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common {
namespace {

using testing::ElementsAre;
using testing::Pair;

Registration example() {
  Registration registration;
  registration.host = "10.0.0.1";
  registration.port = 8080;
  registration.name = "web-1";
  return registration;
}

// What decode() makes of the data: the error, or the record encoded again.
std::string decoded(const std::string& data, const std::string& child = "x_0000000001") {
  const auto registration = decode(child, data);
  return registration ? encode(*registration) : registration.error().message;
}

TEST(Encode, WritesTheShortestRecord) {
  EXPECT_EQ(encode(example()), R"({"available":true,"host":"10.0.0.1","port":8080,"name":"web-1"})");
}

TEST(Encode, WritesEveryFieldInTheSharedOrder) {
  auto registration = example();
  registration.available = false;
  registration.unavailable_reason = "check failed: \"x\"\n";
  registration.weight = 0;
  registration.haproxy_server_options = "backup";
  registration.labels = {{"z", "1"}, {"az", "b\xC3\xA9"}};
  registration.id = "7";
  EXPECT_EQ(encode(registration),
            R"({"available":false,"unavailable_reason":"check failed: \"x\"\n","host":"10.0.0.1","port":8080,)"
            R"("name":"web-1","haproxy_server_options":"backup","weight":0,"labels":{"az":"b)"
            "\xC3\xA9"
            R"(","z":"1"},"id":"7"})");
}

TEST(Encode, ReplacesBytesThatAreNotUtf8) {
  auto registration = example();
  registration.unavailable_reason =
      "a\xFF"
      "b";
  registration.labels = {{"k\xFE", "v"}};
  EXPECT_EQ(encode(registration),
            "{\"available\":true,\"unavailable_reason\":\"a\xEF\xBF\xBD"
            "b\",\"host\":\"10.0.0.1\",\"port\":8080,"
            "\"name\":\"web-1\",\"labels\":{\"k\xEF\xBF\xBD\":\"v\"}}");
}

TEST(Decode, ReadsWhatEncodeWrites) {
  auto registration = example();
  registration.available = false;
  registration.unavailable_reason = "draining";
  registration.weight = 256;
  registration.haproxy_server_options = "check inter 2s";
  registration.labels = {{"az", "a"}};
  registration.id = "i-1";
  EXPECT_EQ(*decode("web-1_10.0.0.1_8080", encode(registration)), registration);
}

TEST(Decode, ReadsGoNerve) {
  const auto registration =
      decode("api_10.0.0.1_c_0123456789abcdef0123456789abcdef0000000012",
             R"({"available":true,"host":"10.0.0.1","port":80,"name":"api1","haproxy_server_options":"check",)"
             R"("weight":255,"labels":{"az":"x"}})");
  ASSERT_TRUE(registration.has_value());
  EXPECT_TRUE(registration->available);
  EXPECT_EQ(registration->host, "10.0.0.1");
  EXPECT_EQ(registration->port, 80);
  EXPECT_EQ(registration->name, "api1");
  EXPECT_EQ(registration->haproxy_server_options, "check");
  EXPECT_EQ(registration->weight, 255);
  EXPECT_THAT(registration->labels, ElementsAre(Pair("az", "x")));
}

TEST(Decode, ReadsAirbnb) {
  const auto registration = decode("i-1234_0000000007", R"({"host":"web.example","port":"8080","name":null,)"
                                                        R"("weight":null,"haproxy_server_options":null,"labels":null,)"
                                                        R"("id":12,"haproxy_server_id":"34","extra":[1,{"a":[]}]})");
  ASSERT_TRUE(registration.has_value());
  EXPECT_TRUE(registration->available);
  EXPECT_EQ(registration->host, "web.example");
  EXPECT_EQ(registration->port, 8080);
  EXPECT_EQ(registration->name, "web.example:8080");
  EXPECT_EQ(registration->weight, std::nullopt);
  EXPECT_EQ(registration->id, "34");
}

TEST(Decode, ReadsPathEncodedChildren) {
  // {"host":"10.0.0.1","port":80,"name":"a?>"} in the alphabet for URLs, with '-' or '_' in it.
  const std::string base64 = "eyJob3N0IjoiMTAuMC4wLjEiLCJwb3J0Ijo4MCwibmFtZSI6ImEtYiIsImxhYmVscyI6eyJrIjoiPz8_In19";
  const std::string child = "base64_" + std::to_string(base64.size()) + "_" + base64 + "_0000000003";
  EXPECT_TRUE(is_path_encoded(child));
  EXPECT_EQ(decoded("not looked at", child),
            R"({"available":true,"host":"10.0.0.1","port":80,"name":"a-b","labels":{"k":"???"}})");
}

TEST(Decode, ReadsPaddingAndItsAbsence) {
  // {"host":"h","port":1}
  for (const std::string base64 : {"eyJob3N0IjoiaCIsInBvcnQiOjF9", "eyJob3N0IjoiaCIsInBvcnQiOjF9IA==",
                                   "eyJob3N0IjoiaCIsInBvcnQiOjF9IA", "eyJob3N0IjoiaCIsInBvcnQiOjF9ICA="}) {
    const std::string prefix = "base64_" + std::to_string(base64.size()) + "_" + base64;
    for (const auto* sequence : {"_0000000003", "_-2147483648", ""}) {
      EXPECT_EQ(decoded("", prefix + sequence), R"({"available":true,"host":"h","port":1,"name":"h:1"})");
    }
  }
}

TEST(Decode, TellsPathEncodedNamesFromOthers) {
  for (const auto* child : {"base64_", "base64__x", "base64_x_abcd_0000000001", "base64_5_abcd_0000000001",
                            "base64_0__0000000001", "base64_4_abcde0000000001", "base64_4_abcd_", "base64_4_abcd_x",
                            "base64_99999999999_abcd_0000000001", "base64_10.0.0.1_80", "web_10.0.0.1_80", ""}) {
    EXPECT_FALSE(is_path_encoded(child)) << child;
  }
  EXPECT_EQ(decoded("", "base64_4_a*cd_0000000001"), "the name of the node holds no base64");
  EXPECT_EQ(decoded("", "base64_5_abcde_0000000001"), "the name of the node holds no base64");
  EXPECT_EQ(decoded("", "base64_4_abcd_0000000001").rfind("not JSON, from byte ", 0), 0u);
}

TEST(Decode, RefusesWhatIsNoRecord) {
  EXPECT_EQ(decoded(""), "empty data");
  EXPECT_EQ(decoded("garbage"), "not JSON, from byte 1 on");
  EXPECT_EQ(decoded("{\"host\":\"a\""), "not JSON, from byte 12 on");
  EXPECT_EQ(decoded("{} {}"), "not JSON, from byte 4 on");
  EXPECT_EQ(decoded("[]"), "not a JSON object");
  EXPECT_EQ(decoded("null"), "not a JSON object");
  EXPECT_EQ(decoded("17"), "not a JSON object");
  EXPECT_EQ(decoded("{\"host\":\"a\xFF\"}"), "not JSON, from byte 11 on");
  EXPECT_EQ(decoded(std::string("{}\0x", 4)), "not JSON, from byte 3 on");
  EXPECT_EQ(decoded(std::string(65537, ' ')), "more than 65536 bytes of data");
}

TEST(Decode, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return R"({"host":"a","port":1,"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(decoded(nested(15)), R"({"available":true,"host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(decoded(nested(16)), "nested deeper than 16 levels");
  EXPECT_EQ(decoded(std::string(60'000, '[')), "not a JSON object");
  EXPECT_EQ(decoded("{\"a\":" + std::string(60'000, '[')), "nested deeper than 16 levels");
}

TEST(Decode, RefusesBadHosts) {
  EXPECT_EQ(decoded(R"({"port":80})"), "field \"host\": is missing");
  EXPECT_EQ(decoded(R"({"host":null,"port":80})"), "field \"host\": is missing");
  EXPECT_EQ(decoded(R"({"host":7,"port":80})"), "field \"host\": must be a string, is 7");
  for (const std::string host : {"", "/etc/passwd", "unix@x", "abns@x", "*", "10.0.0.1 check", "a\\nb", "$HOME", "a#b",
                                 "300.1.1.1", "127.1", "[::1]", "a:80", "a\\u0000b", "a\\tb", "ipv4@10.0.0.1"}) {
    EXPECT_EQ(decoded(R"({"host":")" + host + R"(","port":80})").rfind("field \"host\": neither", 0), 0u) << host;
  }
  EXPECT_EQ(decoded(R"({"host":"a\nserver x","port":80})"),
            "field \"host\": neither an IP address nor a host name: \"a\\nserver x\"");
  EXPECT_EQ(decoded(R"({"host":"0.0.0.0","port":80})"), "field \"host\": \"0.0.0.0\" is no address of a server");
  EXPECT_EQ(decoded(R"({"host":"::","port":80})"), "field \"host\": \"::\" is no address of a server");
}

TEST(Decode, ReadsIpv6) {
  EXPECT_EQ(decoded(R"({"host":"fe80::1","port":80})"),
            R"({"available":true,"host":"fe80::1","port":80,"name":"fe80::1:80"})");
}

TEST(Decode, RefusesBadPorts) {
  EXPECT_EQ(decoded(R"({"host":"a"})"), "field \"port\": is missing");
  const auto port = [](const std::string& value) { return decoded(R"({"host":"a","port":)" + value + "}"); };
  const std::string must = "field \"port\": must be a number between 1 and 65535, is ";
  for (const std::string bad : {"0", "70000", "-1", "80.5", "1e3", "\"80abc\"", "\"\"", "\" 80\"", "\"+80\"", "true",
                                "99999999999999999999", "\"000080\"", "\"-1\""}) {
    EXPECT_EQ(port(bad), must + bad);
  }
  EXPECT_EQ(port("[80]"), must + "a list");
  EXPECT_EQ(port("{}"), must + "an object");
  EXPECT_EQ(port("\"65535\""), R"({"available":true,"host":"a","port":65535,"name":"a:65535"})");
}

TEST(Decode, RefusesBadNames) {
  const auto name = [](const std::string& value) {
    return decoded(R"({"host":"a","port":1,"name":")" + value + "\"}");
  };
  const std::string only = "field \"name\": only letters, digits and _ . : - are allowed, 200 at most: ";
  EXPECT_EQ(name("a b"), only + "\"a b\"");
  EXPECT_EQ(name("x\\nbackend evil"), only + "\"x\\nbackend evil\"");
  EXPECT_EQ(name("a\\u0000"), only + "\"a\\x00\"");
  EXPECT_EQ(name("$X"), only + "\"$X\"");
  EXPECT_EQ(name("a#b"), only + "\"a#b\"");
  EXPECT_EQ(name(std::string(201, 'x')), only + "\"" + std::string(60, 'x') + "\"...");
  EXPECT_EQ(name(""), R"({"available":true,"host":"a","port":1,"name":"a:1"})");
}

TEST(Decode, ReadsWeights) {
  const auto weight = [](const std::string& value) -> std::string {
    const auto record = decode("x", R"({"host":"a","port":1,"weight":)" + value + "}");
    if (!record) return record.error().message;
    return record->weight ? std::to_string(*record->weight) : "none";
  };
  EXPECT_EQ(weight("0"), "0");
  EXPECT_EQ(weight("256"), "256");
  EXPECT_EQ(weight("257"), "256");
  EXPECT_EQ(weight("99999999999999999999"), "256");
  EXPECT_EQ(weight("null"), "none");
  const std::string must = "field \"weight\": must be a whole number of 0 or more, is ";
  for (const std::string bad : {"-1", "1.5", "1e2", "\"7\"", "true"}) EXPECT_EQ(weight(bad), must + bad);
  EXPECT_EQ(weight("-99999999999999999999"), must + "-99999999999999999999");
}

TEST(Decode, RefusesBadOptions) {
  const auto options = [](const std::string& value) {
    return decoded(R"({"host":"a","port":1,"haproxy_server_options":)" + value + "}");
  };
  EXPECT_EQ(options("\"ca-file /etc/passwd\""), "field \"haproxy_server_options\": word \"ca-file\" is not allowed");
  EXPECT_EQ(options("[\"check\"]"), "field \"haproxy_server_options\": must be a string, is a list");
}

TEST(Decode, ReadsAvailable) {
  EXPECT_FALSE(decode("x", R"({"host":"a","port":1,"available":false})")->available);
  EXPECT_TRUE(decode("x", R"({"host":"a","port":1,"available":null})")->available);
  EXPECT_EQ(decoded(R"({"host":"a","port":1,"available":"false"})"),
            "field \"available\": must be true or false, is \"false\"");
}

TEST(Decode, TamesTheReason) {
  const auto reason = [](const std::string& value) {
    return decode("x", R"({"host":"a","port":1,"unavailable_reason":")" + value + "\"}")->unavailable_reason;
  };
  EXPECT_EQ(reason("a\\nb\\u0000c"), "a b c");
  EXPECT_EQ(reason(std::string(501, 'x')), std::string(500, 'x') + "...");
  EXPECT_EQ(reason(std::string(499, 'x') + "\xC3\xA9y"), std::string(499, 'x') + "...");
}

TEST(Decode, ReadsLabels) {
  const auto labels = [](const std::string& value) {
    return decoded(R"({"host":"a","port":1,"labels":)" + value + "}");
  };
  const std::string start = R"({"available":true,"host":"a","port":1,"name":"a:1")";
  EXPECT_EQ(labels(R"({"s":"x","i":-7,"f":1.50,"b":true,"n":null,"e":""})"),
            start + R"(,"labels":{"b":"true","e":"","f":"1.50","i":"-7","s":"x"}})");
  EXPECT_EQ(labels("{}"), start + "}");
  EXPECT_EQ(labels("[]"), "field \"labels\": must be an object, is a list");
  EXPECT_EQ(labels("\"x\""), "field \"labels\": must be an object, is \"x\"");
  EXPECT_EQ(labels(R"({"k":{"k":"v"}})"), "field \"labels\": the value of \"k\" must be a string, is an object");
  EXPECT_EQ(labels(R"({"k":["v"]})"), "field \"labels\": the value of \"k\" must be a string, is a list");
  EXPECT_EQ(labels(R"({"a\nb":"v"})"), "field \"labels\": bad name \"a\\nb\"");
  EXPECT_EQ(labels(R"({"":"v"})"), "field \"labels\": bad name \"\"");
  EXPECT_EQ(labels(R"({"k":"a\u0000b"})"), "field \"labels\": bad value of \"k\": \"a\\x00b\"");
  EXPECT_EQ(labels(R"({"k":")" + std::string(1025, 'x') + "\"}"),
            "field \"labels\": bad value of \"k\": \"" + std::string(60, 'x') + "\"...");
  std::string many = "{";
  for (int i = 0; i < 65; ++i) many += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":\"v\"";
  EXPECT_EQ(labels(many + "}"), "field \"labels\": more than 64");
}

TEST(Decode, RefusesWhatStandsTwice) {
  EXPECT_EQ(decoded(R"({"host":"a","port":1,"port":2})"), "field \"port\" stands twice");
  EXPECT_EQ(decoded(R"({"host":"a","port":1,"labels":{"k":"1","k":"2"}})"), "label \"k\" stands twice");
  EXPECT_EQ(decoded(R"({"host":"a","port":1,"labels":{},"labels":{}})"), "field \"labels\" stands twice");
  EXPECT_EQ(decoded(R"({"host":"a","port":1,"x":1,"x":2})"), R"({"available":true,"host":"a","port":1,"name":"a:1"})");
}

TEST(Decode, KnowsFieldsOnlyAtTheTop) {
  EXPECT_EQ(decoded(R"({"x":{"host":"evil","labels":{"a":"b"}},"host":"a","port":1})"),
            R"({"available":true,"host":"a","port":1,"name":"a:1"})");
  EXPECT_EQ(decoded(R"({"labels":{"x":{"labels":"y"},"host":"z"},"host":"a","port":1})"),
            "field \"labels\": the value of \"x\" must be a string, is an object");
}

TEST(Decode, PassesOverIdsThatServersCannotHave) {
  EXPECT_EQ(decode("x", R"({"host":"a","port":1,"id":{"a":1}})")->id, "");
  EXPECT_EQ(decode("x", R"({"host":"a","port":1,"id":"a b"})")->id, "");
  EXPECT_EQ(decode("x", R"({"host":"a","port":1,"id":"i-1","haproxy_server_id":7})")->id, "7");
}

TEST(EncodeIntoName, IsReadBackFromTheNameAlone) {
  Registration record;
  record.host = "10.0.0.1";
  record.port = 80;
  for (const auto* name : {"a", "ab", "abc", "abcd"}) {
    record.name = name;
    record.labels = {{"k", "\xC3\xBF?>~"}};
    const auto child = encode_into_name(record) + "0000000001";
    EXPECT_TRUE(is_path_encoded(child)) << child;
    EXPECT_EQ(decode(child, "something else").value(), record) << child;
    EXPECT_EQ(child.find_first_of("+/"), std::string::npos) << child;
  }
}

TEST(NodeName, IsReadableAndSafe) {
  EXPECT_EQ(node_name("web-1", "10.0.0.1", 8080), "web-1_10.0.0.1_8080");
  EXPECT_EQ(node_name("a_b/c d", "fe80::1", 80), "a-b-c-d_fe80::1_80");
  EXPECT_EQ(node_name("..", "$h\n", 1), ".._-h-_1");
  EXPECT_FALSE(is_path_encoded(node_name("base64_4", "abcd", 1)));
}

}  // namespace
}  // namespace common
