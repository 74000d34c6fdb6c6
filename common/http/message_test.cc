#include "common/http/message.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ParseTarget, SplitsPathAndQuery) {
  Request request;
  ASSERT_TRUE(parse_target("/services/a%2Fb/weight/7?force=true&x&a=b=c", request));
  EXPECT_EQ(request.path, "/services/a%2Fb/weight/7");
  EXPECT_THAT(request.query, ElementsAre(Pair("a", "b=c"), Pair("force", "true"), Pair("x", "")));
}

TEST(ParseTarget, DecodesTheQuery) {
  Request request;
  ASSERT_TRUE(parse_target("/?n%3D=%26+x&&last=1&last=2&%c3%A9", request));
  EXPECT_EQ(request.path, "/");
  EXPECT_THAT(request.query, ElementsAre(Pair("last", "2"), Pair("n=", "& x"), Pair("\xC3\xA9", "")));
}

TEST(ParseTarget, TakesATargetWithoutQuery) {
  for (const auto* target : {"/status", "/status?"}) {
    Request request;
    ASSERT_TRUE(parse_target(target, request));
    EXPECT_EQ(request.path, "/status");
    EXPECT_THAT(request.query, IsEmpty());
  }
}

TEST(ParseTarget, RefusesMalformedEscapes) {
  Request request;
  for (const auto* target : {"/a?b=%", "/a?b=%4", "/a?%g0=1", "/a?b=%-1", "/a?b=%+1", "/?a=%4%41"}) {
    EXPECT_FALSE(parse_target(target, request)) << target;
  }
}

TEST(SplitPath, DecodesSegmentsOneByOne) {
  std::vector<std::string> segments;
  ASSERT_TRUE(split_path("/services/a%2Fb%20c+d/status/", segments));
  EXPECT_THAT(segments, ElementsAre("services", "a/b c+d", "status"));
  ASSERT_TRUE(split_path("/", segments));
  EXPECT_THAT(segments, IsEmpty());
  ASSERT_TRUE(split_path("//a//b", segments));
  EXPECT_THAT(segments, ElementsAre("", "a", "", "b"));
}

TEST(SplitPath, RefusesWhatIsNoPath) {
  std::vector<std::string> segments;
  for (const auto* path : {"", "*", "status", "http://x/status", "/%", "/%2", "/a/%zz/b"}) {
    EXPECT_FALSE(split_path(path, segments)) << path;
  }
}

TEST(QueryFlag, TakesWhatStartsLikeYes) {
  for (const auto* value : {"true", "T", "yes", "Y", "1", "100", "tomorrow"}) {
    EXPECT_TRUE(query_flag({"PUT", "/", {{"force", value}}}, "force")) << value;
  }
  for (const auto* value : {"", "false", "no", "0", "on", " true"}) {
    EXPECT_FALSE(query_flag({"PUT", "/", {{"force", value}}}, "force")) << value;
  }
  EXPECT_FALSE(query_flag({"PUT", "/", {}}, "force"));
}

TEST(ErrorResponse, IsJson) {
  const auto response = error_response(404, "no \"such\"\nthing \xFF");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, "{\"error\":\"no \\\"such\\\"\\nthing \xEF\xBF\xBD\"}\n");
}

}  // namespace
}  // namespace common::http
