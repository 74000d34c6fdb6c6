#include "common/http/access.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    access.add_changing(routes, "/services/:name/disable",
                        [this](const Request&, const Arguments& arguments, const Respond& respond) {
                          changed.push_back(arguments.at("name"));
                          respond({.status = 200, .body = "done"});
                        });
  }
  Response call(const std::string& method, const std::string& authorization = "") {
    Request request{method, "/services/web/disable", {}};
    request.peer = "10.0.0.9:80";
    if (!authorization.empty()) request.headers["authorization"] = authorization;
    Response got;
    routes.dispatch(request, [&](Response response) { got = std::move(response); });
    return got;
  }

  std::vector<std::string> told;
  std::vector<std::string> changed;
  std::vector<std::string> unauthorized;
  Access access{[this](const std::string& pattern) { told.push_back(pattern); },
                [this](const std::string& peer) { unauthorized.push_back(peer); }};
  Routes routes;
};

TEST_F(AccessTest, WithoutATokenEverybodyMayChangeThings) {
  const Response response = call("PUT");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, IsEmpty());
  EXPECT_THAT(changed, ElementsAre("web"));
}

TEST_F(AccessTest, GetIsAnsweredWithAWarningThatIsToldOnce) {
  for (int i = 0; i < 3; ++i) {
    const Response response = call("GET");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.at("Warning"), "299 - \"GET is deprecated here: use PUT\"");
  }
  EXPECT_EQ(changed.size(), 3u);
  EXPECT_THAT(told, ElementsAre("/services/:name/disable"));
}

TEST_F(AccessTest, HeadChangesNothing) {
  const Response response = call("HEAD");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("Allow"), "PUT");
  EXPECT_THAT(changed, IsEmpty());
}

TEST_F(AccessTest, GetIsRefusedToBrowsers) {
  for (const auto* mark : {"accept-language", "referer", "origin", "sec-fetch-mode"}) {
    Response got;
    routes.dispatch({"GET", "/services/web/disable", {}, {{mark, "x"}}},
                    [&](Response response) { got = std::move(response); });
    EXPECT_EQ(got.status, 405) << mark;
  }
  EXPECT_THAT(changed, IsEmpty());
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(AccessTest, GetCanBeSwitchedOff) {
  access.set("", false);
  const Response response = call("GET");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.body, "{\"error\":\"use PUT for /services/web/disable\"}\n");
  EXPECT_EQ(call("PUT").status, 200);
  EXPECT_EQ(changed.size(), 1u);
}

TEST_F(AccessTest, ATokenIsNeededOnceThereIsOne) {
  access.set("s3cret", true);
  const Response without = call("PUT");
  EXPECT_EQ(without.status, 401);
  EXPECT_EQ(without.headers.at("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(without.body.find("s3cret"), std::string::npos);
  EXPECT_EQ(call("PUT", "Bearer wrong").status, 401);
  EXPECT_THAT(unauthorized, ElementsAre("10.0.0.9:80", "10.0.0.9:80"));
  EXPECT_EQ(call("GET").status, 405);
  EXPECT_EQ(call("GET", "Bearer s3cret").status, 405);
  EXPECT_THAT(changed, IsEmpty());
  EXPECT_EQ(call("PUT", "Bearer s3cret").status, 200);
  access.set("other", true);
  EXPECT_EQ(call("PUT", "Bearer s3cret").status, 401);
  EXPECT_EQ(call("PUT", "Bearer other").status, 200);
  access.set("", true);
  EXPECT_EQ(call("PUT").status, 200);
}

TEST(PresentsToken, TakesTheWholeTokenAndNothingElse) {
  const auto presents = [](const std::string& value) {
    return presents_token({"PUT", "/", {}, {{"authorization", value}}}, "abc");
  };
  EXPECT_TRUE(presents("Bearer abc"));
  EXPECT_TRUE(presents("bearer  abc"));
  for (const auto* value : {"", "Bearer", "Bearer ", "Bearer  ", "Bearer ab", "Bearer abcd", "Bearer abcabc",
                            "Bearer ABC", "Basic abc", "abc", "Bearer abc, Bearer abc"}) {
    EXPECT_FALSE(presents(value)) << value;
  }
  EXPECT_FALSE(presents_token({"PUT", "/", {}, {{"authorization", "Bearer "}}}, "")) << "no token is no password";
  EXPECT_FALSE(presents_token({"PUT", "/", {}}, "abc"));
  const std::string longest(4096, 'x');
  EXPECT_TRUE(presents_token({"PUT", "/", {}, {{"authorization", "Bearer " + longest}}}, longest));
  EXPECT_FALSE(presents_token({"PUT", "/", {}, {{"authorization", "Bearer " + longest + "x"}}}, longest));
  EXPECT_FALSE(presents_token({"PUT", "/", {}, {{"authorization", "Bearer abc" + std::string(1, '\0')}}}, "abc"));
  for (std::size_t at = 0; at < longest.size(); at += at < 64 ? 1 : 63) {
    std::string other = longest;
    other[at] = 'y';
    EXPECT_FALSE(presents_token({"PUT", "/", {}, {{"authorization", "Bearer " + other}}}, longest)) << at;
  }
}

}  // namespace
}  // namespace common::http
