#include "synapse/api.h"

#include <gtest/gtest.h>

namespace synapse {
namespace {

using common::http::Response;

Response get(const std::string& path, std::vector<std::string> not_ready = {}) {
  const auto routes = api_routes({.not_ready = [not_ready] { return not_ready; }, .metrics = [] { return "m 1\n"; }});
  Response answer;
  routes.dispatch({.method = "GET", .path = path, .query = {}},
                  [&](Response response) { answer = std::move(response); });
  return answer;
}

TEST(SynapseApi, ReadyWhenEveryServiceWasRouted) {
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "true");
  EXPECT_EQ(get("/ready", {"web"}).status, 503);
  EXPECT_EQ(get("/ready", {"web"}).body, "false");
}

TEST(SynapseApi, ServesMetricsVersionAndAList) {
  EXPECT_EQ(get("/metrics").body, "m 1\n");
  EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(get("/version").body, version() + "\n");
  EXPECT_EQ(get("/").body, version() + "\n\nGET /\nGET /ready\nGET /metrics\nGET /version\n");
  EXPECT_EQ(get("/nothing").status, 404);
}

}  // namespace
}  // namespace synapse
