#include "common/http/routes.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::http {
namespace {

using testing::ElementsAre;

Handler answer(const std::string& word) {
  return [word](const Request&, const Arguments& arguments, Respond respond) {
    Response response;
    response.body = word;
    for (const auto& [name, value] : arguments) response.body += " " + name + "=" + value;
    respond(response);
  };
}

Routes some_routes() {
  Routes routes;
  routes.add("GET", "/", answer("root"))
      .add("GET", "/status", answer("status"))
      .add("GET", "/services/:name/status", answer("service"))
      .add("PUT", "/services/:name/weight/:weight", answer("weight"))
      .add("GET", "/services/:name/weight/:weight", answer("old weight"))
      .add("PUT", "/disable", answer("disable"));
  return routes;
}

// The status and the body of the one answer.
std::string dispatched(const std::string& method, const std::string& target) {
  Request request;
  request.method = method;
  EXPECT_TRUE(parse_target(target, request));
  std::string result;
  int answers = 0;
  some_routes().dispatch(request, [&](const Response& response) {
    ++answers;
    result = std::to_string(response.status) + " " + response.body;
  });
  EXPECT_EQ(answers, 1);
  return result;
}

TEST(Routes, FindsTheHandler) {
  EXPECT_EQ(dispatched("GET", "/"), "200 root");
  EXPECT_EQ(dispatched("GET", "/status"), "200 status");
  EXPECT_EQ(dispatched("GET", "/status/?x=1"), "200 status");
  EXPECT_EQ(dispatched("PUT", "/services/web/weight/7"), "200 weight name=web weight=7");
  EXPECT_EQ(dispatched("GET", "/services/web/weight/7"), "200 old weight name=web weight=7");
}

TEST(Routes, MatchesAnEscapedNameAsOneSegment) {
  EXPECT_EQ(dispatched("GET", "/services/a%2Fb/status"), "200 service name=a/b");
  EXPECT_EQ(dispatched("GET", "/services/%3Aname/status"), "200 service name=:name");
}

TEST(Routes, AnswersHeadAsGet) {
  EXPECT_EQ(dispatched("HEAD", "/status"), "200 status");
}

TEST(Routes, SaysWhatIsUnknown) {
  const auto unknown = [](const std::string& path) {
    return "404 {\"error\":\"there is no " + path + "; / lists what there is\"}\n";
  };
  for (const auto* path : {"/nope", "/status/more", "//status", "/STATUS", "/services/web", "/services/a/b/status"}) {
    EXPECT_EQ(dispatched("GET", path), unknown(path));
  }
}

TEST(Routes, SaysWhichMethodsAreAllowed) {
  EXPECT_EQ(dispatched("POST", "/status"), "405 {\"error\":\"use GET for /status\"}\n");
  EXPECT_EQ(dispatched("DELETE", "/services/web/weight/1"),
            "405 {\"error\":\"use PUT, GET for /services/web/weight/1\"}\n");
  EXPECT_EQ(dispatched("get", "/status"), "405 {\"error\":\"use GET for /status\"}\n");
  EXPECT_EQ(dispatched("HEAD", "/disable"), "405 {\"error\":\"use PUT for /disable\"}\n");
}

TEST(Routes, RefusesMalformedPaths) {
  EXPECT_EQ(dispatched("GET", "/services/%zz/status"), "400 {\"error\":\"malformed path\"}\n");
  EXPECT_EQ(dispatched("GET", "status"), "400 {\"error\":\"malformed path\"}\n");
}

TEST(Routes, ListsThemselves) {
  EXPECT_THAT(some_routes().list(),
              ElementsAre("GET /", "GET /status", "GET /services/:name/status", "PUT /services/:name/weight/:weight",
                          "GET /services/:name/weight/:weight", "PUT /disable"));
}

}  // namespace
}  // namespace common::http
