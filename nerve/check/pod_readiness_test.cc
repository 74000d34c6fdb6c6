#include "nerve/check/pod_readiness.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

std::string objection(int status, std::string_view body) {
  return pod_objection(status, body, "shop/web-1", "https://10.0.0.1:443/api/v1/namespaces/shop/pods/web-1");
}

std::string pod(const std::string& status) {
  return R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1"},"status":)" + status + "}";
}

TEST(PodReadiness, IsTheReadyCondition) {
  EXPECT_EQ(objection(200, pod(R"({"phase":"Running","conditions":[
      {"type":"Initialized","status":"True"},{"type":"Ready","status":"True"}]})")),
            "");
}

TEST(PodReadiness, GivesTheConditionsWords) {
  EXPECT_EQ(objection(200, pod(R"({"conditions":[{"type":"Ready","status":"False","reason":"ContainersNotReady",
      "message":"containers with unready status: [web]"}]})")),
            "pod shop/web-1 is not ready: ContainersNotReady: containers with unready status: [web]");
  EXPECT_EQ(objection(200, pod(R"({"conditions":[{"type":"Ready","status":"Unknown"}]})")),
            "pod shop/web-1 is not ready");
}

TEST(PodReadiness, IsNotThereYet) {
  EXPECT_EQ(objection(200, pod(R"({"phase":"Pending"})")),
            "pod shop/web-1 has no Ready condition yet, its phase is Pending");
  EXPECT_EQ(objection(200, pod("null")), "pod shop/web-1 has no Ready condition yet");
  EXPECT_EQ(objection(200, pod(R"({"conditions":[1,"a",null,{"type":7}]})")),
            "pod shop/web-1 has no Ready condition yet");
}

TEST(PodReadiness, GivesTheWordsOfTheApi) {
  EXPECT_EQ(objection(403, R"({"kind":"Status","status":"Failure","message":"pods \"web-1\" is forbidden"})"),
            "HTTP 403 from https://10.0.0.1:443/api/v1/namespaces/shop/pods/web-1: pods \"web-1\" is forbidden");
  EXPECT_EQ(objection(502, "upstream\r\nis away"),
            "HTTP 502 from https://10.0.0.1:443/api/v1/namespaces/shop/pods/web-1: upstream is away");
}

TEST(PodReadiness, RefusesWhatIsNoPod) {
  const std::string refused = "the answer of https://10.0.0.1:443/api/v1/namespaces/shop/pods/web-1 is no pod";
  for (const auto* body : {"", "[]", "{", "null", "ok", R"({"kind":"PodList","items":[]})"}) {
    EXPECT_EQ(objection(200, body), refused) << body;
  }
}

}  // namespace
}  // namespace nerve
