#include "nerve/check/aliveness.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

TEST(Aliveness, IsAskedForOfOneVhost) {
  EXPECT_EQ(aliveness_path("/"), "/api/aliveness-test/%2F");
  EXPECT_EQ(aliveness_path("shop/eu 1"), "/api/aliveness-test/shop%2Feu%201");
}

TEST(Aliveness, IsWhatTheBrokerSays) {
  const std::string target = "http://mq:15672/api/aliveness-test/%2F";
  EXPECT_EQ(aliveness_objection(200, R"({"status":"ok"})", target), "");
  EXPECT_EQ(aliveness_objection(401, R"({"error":"not_authorised","reason":"Login failed"})", target),
            "HTTP 401 from " + target + ": Login failed");
  EXPECT_EQ(aliveness_objection(404, R"({"error":"Object Not Found"})", target),
            "HTTP 404 from " + target + ": Object Not Found");
  EXPECT_EQ(aliveness_objection(503, R"({"status":"failed","reason":"timeout"})", target),
            "HTTP 503 from " + target + ": timeout");
  EXPECT_EQ(aliveness_objection(200, "a page", target), "HTTP 200 from " + target + ": a page");
  EXPECT_EQ(aliveness_objection(200, "", target), "HTTP 200 from " + target);
}

}  // namespace
}  // namespace nerve
