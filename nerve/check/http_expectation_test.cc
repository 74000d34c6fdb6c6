#include "nerve/check/http_expectation.h"

#include <gtest/gtest.h>

#include "common/limits/limits.h"

namespace nerve {
namespace {

const std::string kTarget = "http://web:80/health";

StatusRanges statuses(std::string_view text) {
  return StatusRanges::parse(text).value();
}

bool found(const std::string& pattern, std::string_view body) {
  return BodyPattern::parse(pattern).value().found_in(body);
}

std::string objection(std::string_view status_text, const std::string& expected_body, int status,
                      std::string_view body) {
  const StatusRanges ranges = status_text.empty() ? StatusRanges() : statuses(status_text);
  return HttpExpectation(ranges, expected_body).objection(status, body, kTarget);
}

TEST(StatusRanges, AreListsAndRanges) {
  const auto ranges = statuses("200, 204,301-302");
  for (const int status : {200, 204, 301, 302}) EXPECT_TRUE(ranges.contains(status)) << status;
  for (const int status : {199, 201, 300, 303, 503}) EXPECT_FALSE(ranges.contains(status)) << status;
  EXPECT_EQ(ranges.to_string(), "200, 204, 301-302");
  EXPECT_TRUE(statuses("503").contains(503));
}

TEST(StatusRanges, ByDefaultRefuseOnlyServerErrors) {
  const StatusRanges ranges;
  for (const int status : {200, 302, 404, 499}) EXPECT_TRUE(ranges.contains(status)) << status;
  for (const int status : {500, 503, 599}) EXPECT_FALSE(ranges.contains(status)) << status;
  EXPECT_EQ(ranges.to_string(), "");
}

TEST(StatusRanges, RefuseWhatIsNone) {
  for (const auto* text :
       {"", ",", "200,", "abc", "99", "600", "300-200", "200-", "-200", "200-300-400", "20 0", "2e2"}) {
    EXPECT_FALSE(StatusRanges::parse(text)) << text;
  }
}

TEST(BodyPattern, IsATextOrAnExpression) {
  EXPECT_TRUE(found("ok", "all ok here"));
  EXPECT_FALSE(found("ok", "OK"));
  EXPECT_FALSE(found("o.", "ox")) << "no expression without slashes";
  EXPECT_TRUE(found("/o[kx]/", "ox"));
  EXPECT_TRUE(found("/^status: (up|ready)$/", "name: a\nstatus: ready\n")) << "line by line";
  EXPECT_FALSE(found("/^ready$/", "not ready"));
  EXPECT_TRUE(found("/a\\/b/", "a/b"));
  EXPECT_TRUE(found("/", "a/b")) << "a single slash is a text";
  EXPECT_TRUE(found("/b$/", std::string_view("a\0b", 3)));
}

TEST(BodyPattern, TakesLongBodies) {
  const std::string body = std::string(65536, 'x') + "y";
  EXPECT_TRUE(found("/^(x|z)*y$/", body));
  EXPECT_FALSE(found("/^(x*)*z/", body));
}

TEST(BodyPattern, TellsWhatIsWrongWithAnExpression) {
  const auto pattern = BodyPattern::parse("/a(b/");
  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().message.find("is no extended regular expression: "), 0u) << pattern.error().message;
}

TEST(HttpExpectation, TakesWhatIsExpected) {
  EXPECT_EQ(objection("", "", 404, "nothing here"), "");
  EXPECT_EQ(objection("200-299", "ok", 204, "ok"), "");
}

TEST(HttpExpectation, CountsWhatIsNotFoundInAPartOfABody) {
  const auto hits = common::limit_hits(common::Limit::check_body);
  EXPECT_NE(objection("", "ready", 200, std::string(kMaxHttpBody - 1, 'x')), "");
  EXPECT_EQ(objection("", "xx", 200, std::string(kMaxHttpBody, 'x')), "");
  EXPECT_NE(objection("", "ready", 503, std::string(kMaxHttpBody, 'x')), "");
  EXPECT_EQ(common::limit_hits(common::Limit::check_body), hits);
  EXPECT_NE(objection("", "ready", 200, std::string(kMaxHttpBody, 'x')), "");
  EXPECT_EQ(common::limit_hits(common::Limit::check_body), hits + 1);
}

TEST(HttpExpectation, GivesTheServersWords) {
  EXPECT_EQ(objection("", "", 503, "database is\ndown\n"), "HTTP 503 from http://web:80/health: database is down");
  EXPECT_EQ(objection("", "", 503, ""), "HTTP 503 from http://web:80/health");
  EXPECT_EQ(objection("", "", 502, "<html><body>Bad Gateway"), "HTTP 502 from http://web:80/health");
  EXPECT_EQ(objection("200-299,304", "", 404, "no such page"),
            "HTTP 404 from http://web:80/health, expected 200-299, 304: no such page");
  EXPECT_EQ(objection("", "ready", 200, "starting"),
            "the answer of http://web:80/health does not contain ready: starting");
  EXPECT_EQ(objection("", "/^ready/", 200, ""), "the answer of http://web:80/health does not contain /^ready/");
}

}  // namespace
}  // namespace nerve
