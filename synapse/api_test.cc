#include "synapse/api.h"

#include <map>

#include <gtest/gtest.h>

#include "synapse/status/status_case.h"

namespace synapse {
namespace {

using common::http::Response;

class Api : public testing::Test {
 protected:
  Response get(const std::string& target, std::map<std::string, std::string> headers = {}) {
    const auto routes = api_routes({.missing = [this] { return missing; },
                                    .services = [this](const std::string& name) { return named(name); },
                                    .health = [this] { return health; },
                                    .metrics = [] { return "m 1\n"; },
                                    .config = [] { return "{}\n"; },
                                    .events = events,
                                    .started = at(0)});
    common::http::Request request{.method = "GET", .path = "", .query = {}, .headers = std::move(headers)};
    EXPECT_TRUE(common::http::parse_target(target, request));
    Response answer;
    routes.dispatch(request, [&](Response response) { answer = std::move(response); });
    return answer;
  }

  void add(const std::string& name, const std::string& place) {
    ServiceStatus status;
    status.place = {.service = name, .router = "haproxy", .place = place};
    services.push_back(status);
  }

  std::vector<ServiceStatus> named(const std::string& name) const {
    std::vector<ServiceStatus> found;
    for (const auto& service : services) {
      if (name.empty() || service.place.service == name) found.push_back(service);
    }
    return found;
  }

  std::vector<MissingService> missing;
  std::vector<ServiceStatus> services;
  Health health;
  common::EventLog events;
};

TEST_F(Api, ReadyIsWhatGoSynapseAnswers) {
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "true");
  missing = {{"web", "haproxy", "no ZooKeeper"}};
  for (const auto& accept : {"*/*", "text/html"}) {
    EXPECT_EQ(get("/ready", {{"accept", accept}}).status, 503);
    EXPECT_EQ(get("/ready", {{"accept", accept}}).body, "false");
  }
  EXPECT_EQ(get("/ready?verbose=false").body, "false");
}

TEST_F(Api, ReadyNamesWhatIsMissingToWhoAsks) {
  missing = {{"web", "haproxy", "no ZooKeeper"}};
  const std::string body = R"({"ready":false,"missing":[{"service":"web","router":"haproxy","why":"no ZooKeeper"}]})"
                           "\n";
  EXPECT_EQ(get("/ready?verbose").body, body);
  EXPECT_EQ(get("/ready?verbose=true").body, body);
  EXPECT_EQ(get("/ready", {{"accept", "text/html, application/json"}}).body, body);
  EXPECT_EQ(get("/ready?verbose").status, 503);
}

TEST_F(Api, HealthIsOfTheProgram) {
  EXPECT_EQ(get("/health").status, 200);
  health.problems = {"stuck"};
  EXPECT_EQ(get("/health").status, 503);
  EXPECT_NE(get("/health").body.find("stuck"), std::string::npos);
}

TEST_F(Api, ServicesAreFoundByName) {
  add("a/b", "/one");
  add("c", "/one");
  EXPECT_EQ(get("/services/a%2Fb").status, 200);
  EXPECT_NE(get("/services/a%2Fb").body.find("\"servers\":[]"), std::string::npos);
  EXPECT_EQ(get("/services/nobody").status, 404);
  EXPECT_NE(get("/services").body.find("\"c\""), std::string::npos);
  EXPECT_EQ(get("/services?service=a%2Fb").body.find("\"c\""), std::string::npos);
  EXPECT_EQ(get("/services?service=nobody").status, 404);
  EXPECT_EQ(get("/services?servers=false").body.find("\"servers\""), std::string::npos);
}

TEST_F(Api, ANameOfSeveralRoutersNeedsTheRouter) {
  add("web", "/one");
  add("web", "/two");
  const auto both = get("/services/web");
  EXPECT_EQ(both.status, 409);
  EXPECT_NE(both.body.find("/one, /two"), std::string::npos) << both.body;
  EXPECT_EQ(get("/services/web?router=/two").status, 200);
  EXPECT_EQ(get("/services/web?router=/three").status, 404);
  const auto explained = get("/explain/web/x").body;
  EXPECT_NE(explained.find("/one"), std::string::npos);
  EXPECT_NE(explained.find("/two"), std::string::npos);
}

TEST_F(Api, ExplainsAServerOfAService) {
  add("web", "/one");
  EXPECT_NE(get("/explain/web/x").body.find("nobody of that name"), std::string::npos);
  EXPECT_EQ(get("/explain/nobody/x").status, 404);
}

TEST_F(Api, EventsAreThoseOfAService) {
  events.add({.time = at(0),
              .service = "web",
              .what = "server",
              .part = "a",
              .old_value = "in",
              .new_value = "out",
              .reason = "no record"});
  events.add({.time = at(0),
              .service = "db",
              .what = "ready",
              .part = "",
              .old_value = "false",
              .new_value = "true",
              .reason = ""});
  EXPECT_EQ(get("/events?service=web").body,
            R"([{"time":"2026-01-31T12:00:00.000Z","service":"web","what":"server","server":"a","old":"in",)"
            R"("new":"out","reason":"no record"}])"
            "\n");
  EXPECT_EQ(get("/events?limit=0").body, "[]\n");
  EXPECT_EQ(get("/events?limit=x").status, 400);
}

TEST_F(Api, ServesTheRestAndAList) {
  EXPECT_EQ(get("/metrics").body, "m 1\n");
  EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(get("/config").body, "{}\n");
  EXPECT_EQ(get("/diff").body, "[]\n");
  EXPECT_EQ(get("/version").body, version() + "\n");
  EXPECT_EQ(get("/").body, version() +
                               "\n\nGET /\nGET /ready\nGET /health\nGET /services\nGET /services/:name\nGET /diff\n"
                               "GET /explain/:service/:server\nGET /events\nGET /config\nGET /metrics\nGET /version\n");
  EXPECT_EQ(get("/nothing").status, 404);
}

}  // namespace
}  // namespace synapse
