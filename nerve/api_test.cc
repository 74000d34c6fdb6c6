#include "nerve/api.h"

#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/limits/limits.h"
#include "common/telemetry/event_log.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "nerve/liveness.h"

namespace nerve {
namespace {

using common::http::Request;
using common::http::Response;
using std::chrono::milliseconds;

class SilentReporter : public Reporter {
 public:
  void report(const Report&) override {}
  bool settled() const override { return true; }
};

// Never answers; it is started by the test that wants it to be stuck.
class NoCheck : public Check {
 public:
  explicit NoCheck(int& running) : running_(running) {}
  boost::asio::awaitable<Answer> run() override {
    ++running_;
    const auto over = std::shared_ptr<void>(nullptr, [this](void*) { --running_; });
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    co_await never.async_wait(boost::asio::use_awaitable);
    co_return Answer{};
  }
  std::string target() const override { return "nowhere:80"; }

 private:
  int& running_;
};

class Api : public testing::Test {
 protected:
  Api() {
    common::log::set_level("panic");
    add("web", false);
    add("db/1", true);
  }
  ~Api() override { common::log::set_level("info"); }

  // A service whose checks never run: only the operator brings it up.
  void add(const std::string& name, bool excluded) {
    ServiceConfig config;
    config.name = name;
    config.port = 80;
    config.checks.resize(1);
    config.reporters.resize(1);
    config.exclude_from_global_disable = excluded;
    config.lifecycle.weight = 200;
    config.lifecycle.disable_min_duration = milliseconds(20);
    const Service::Makers makers{
        .check = [this](const CheckConfig&) { return std::make_unique<NoCheck>(running_checks); },
        .reporter = [](const ReporterConfig&, const ReportSubject&,
                       const Reporter::Events&) { return std::make_unique<SilentReporter>(); }};
    services.push_back(std::make_unique<Service>(io, config, makers, Telemetry{metrics, events}));
  }

  Response call(const std::string& method, const std::string& target) {
    std::optional<Response> got;
    Request request;
    request.method = method;
    EXPECT_TRUE(common::http::parse_target(target, request));
    routes.dispatch(request, [&](Response response) { got = std::move(response); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (!got && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(100));
    return got.value_or(Response{});
  }

  // Until so many of the checks run.
  void run_until_running(int checks) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (running_checks != checks && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(100));
    ASSERT_EQ(running_checks, checks);
  }

  int running_checks = 0;
  boost::asio::io_context io;
  common::Metrics all_metrics;
  ServiceMetrics metrics{all_metrics};
  common::EventLog events;
  Services services;
  Liveness liveness{io, services};
  std::vector<std::string> told;
  common::http::Access access{[this](const std::string& pattern) { told.push_back(pattern); }};
  common::http::Routes routes = make_api(services, {.version = "1.2.3",
                                                    .metrics = [] { return std::string("metrics\n"); },
                                                    .config = [] { return std::string("{}\n"); },
                                                    .events = events,
                                                    .liveness = liveness,
                                                    .access = access});
};

TEST_F(Api, StatusOfOneService) {
  const Response down = call("GET", "/services/web/status");
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(down.body,
            R"({"Name":"web","Host":"127.0.0.1","Port":80,"Status":"enabled","MaxWeight":200,"CurrentWeight":0,)"
            R"("Available":false,"State":"unknown","Reason":"not every check has a verdict yet",)"
            R"("Checks":[{"Type":"tcp","Target":"nowhere:80","Up":null,"Reason":""}],)"
            R"("Reporters":[{"Type":"console","Connected":true,"Confirmed":true,"Error":""}]})"
            "\n");
  EXPECT_EQ(call("PUT", "/services/web/enable?force=yes").status, 200);
  const Response up = call("GET", "/services/web/status");
  EXPECT_EQ(up.status, 200);
  EXPECT_EQ(up.body,
            R"({"Name":"web","Host":"127.0.0.1","Port":80,"Status":"forced","MaxWeight":200,"CurrentWeight":1,)"
            R"("Available":true,"State":"available","Reason":"",)"
            R"("Checks":[{"Type":"tcp","Target":"nowhere:80","Up":null,"Reason":""}],)"
            R"("Reporters":[{"Type":"console","Connected":true,"Confirmed":true,"Error":""}]})"
            "\n");
}

TEST_F(Api, StatusOfAllIs503WhenOneIsDown) {
  call("PUT", "/services/web/enable?force=true");
  Response all = call("GET", "/status");
  EXPECT_EQ(all.status, 503);
  EXPECT_EQ(all.body.substr(0, 15), R"([{"Name":"web",)");
  call("PUT", "/enable?force=1");
  all = call("GET", "/status");
  EXPECT_EQ(all.status, 200) << all.body;
}

TEST_F(Api, NamesTheUnknownService) {
  for (const char* route : {"status", "disable", "enable", "weight/1"}) {
    const Response response = call("GET", std::string("/services/nobody/") + route);
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.body, "{\"error\":\"there is no service \\\"nobody\\\"\"}\n");
  }
}

TEST_F(Api, FindsANameWithASlash) {
  EXPECT_EQ(call("PUT", "/services/db%2F1/enable?force=true").status, 200);
  EXPECT_EQ(services[1]->status().mode, Lifecycle::Mode::forced);
}

TEST_F(Api, ChangesTheWeight) {
  EXPECT_EQ(call("PUT", "/services/web/weight/7").status, 200);
  EXPECT_EQ(services[0]->status().max_weight, 7);
  EXPECT_EQ(services[1]->status().max_weight, 200);
  EXPECT_EQ(call("GET", "/weight/255").status, 200);
  EXPECT_EQ(services[0]->status().max_weight, 255);
  EXPECT_EQ(services[1]->status().max_weight, 255);
  for (const char* bad : {"0", "256", "-1", "+5", "1e2", "abc", "99999999999", "5x"}) {
    EXPECT_EQ(call("PUT", std::string("/services/web/weight/") + bad).status, 400) << bad;
    EXPECT_EQ(call("PUT", std::string("/weight/") + bad).status, 400) << bad;
  }
  EXPECT_EQ(services[0]->status().max_weight, 255);
}

TEST_F(Api, DisableAnswersWhenItIsOver) {
  const auto start = std::chrono::steady_clock::now();
  const Response response = call("PUT", "/services/web/disable?shutdown=true");
  EXPECT_EQ(response.status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  EXPECT_NE(response.body.find("\"disabled\""), std::string::npos) << response.body;
}

TEST_F(Api, GlobalDisableLeavesOutWhoIsExcluded) {
  const Response response = call("GET", "/disable");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(services[0]->status().mode, Lifecycle::Mode::disabled);
  EXPECT_EQ(services[1]->status().mode, Lifecycle::Mode::enabled);
  EXPECT_EQ(call("PUT", "/enable").status, 200);
  EXPECT_EQ(services[0]->status().mode, Lifecycle::Mode::enabled);
}

TEST_F(Api, ADisableThatAnEnableInterruptsIsAConflict) {
  std::optional<Response> got;
  Request request;
  request.method = "PUT";
  ASSERT_TRUE(common::http::parse_target("/disable", request));
  routes.dispatch(request, [&](Response response) { got = std::move(response); });
  EXPECT_FALSE(got);
  call("PUT", "/services/web/enable");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 409);
}

TEST_F(Api, ShowsTheLastEvents) {
  call("PUT", "/services/web/enable?force=true");
  call("PUT", "/services/db%2F1/enable?force=true");
  const Response all = call("GET", "/events");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.body.substr(0, 11), "[{\"time\":\"2");
  EXPECT_NE(all.body.find(R"(Z","service":"web","what":"mode","old":"enabled","new":"forced",)"
                          R"("reason":"asked for by an operator, whatever the checks say"})"),
            std::string::npos)
      << all.body;
  EXPECT_NE(all.body.find(R"("service":"db/1","what":"state","old":"unknown","new":"available","reason":""})"),
            std::string::npos)
      << all.body;
  const Response one = call("GET", "/events?service=db%2F1&limit=1");
  EXPECT_EQ(one.body.find("web"), std::string::npos) << one.body;
  EXPECT_EQ(one.body.find("mode"), std::string::npos) << one.body;
  EXPECT_EQ(call("GET", "/events?service=nobody").body, "[]\n");
  EXPECT_EQ(call("GET", "/events?limit=-1").status, 400);
  EXPECT_EQ(call("GET", "/events?limit=many").body, "{\"error\":\"limit must be a whole number, got \\\"many\\\"\"}\n");
}

TEST_F(Api, IsHealthyWhateverTheServicesAre) {
  const Response health = call("GET", "/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body.substr(0, 42), R"({"healthy":true,"problems":[],"checks":2,")") << health.body;
}

TEST_F(Api, NamesTheCheckThatIsStuck) {
  services[1]->start_checks(0, 1);
  run_until_running(1);
  const auto findings = liveness.look(Liveness::Clock::now() + std::chrono::seconds(9));
  EXPECT_THAT(findings.problems,
              testing::Contains(testing::HasSubstr("check tcp nowhere:80 of service db/1 has been running for ")));
  EXPECT_THAT(findings.problems, testing::Contains(testing::HasSubstr("the event loop was held up for ")))
      << "nobody beats while the loop does not run";
  services[1]->cancel();
  run_until_running(0);
}

TEST_F(Api, TellsOfTwentyProblemsAndCountsTheOthers) {
  for (int i = 0; i < 30; ++i) add("many" + std::to_string(i), false);
  for (const auto& service : services) service->start_checks(0, 1);
  run_until_running(32);
  const auto hits = common::limit_hits(common::Limit::told_troubles);
  EXPECT_EQ(liveness.look(Liveness::Clock::now() + std::chrono::seconds(9)).problems.size(), 20u);
  EXPECT_EQ(common::limit_hits(common::Limit::told_troubles), hits + 32 + 1 - 20);  // 32 checks, and the loop
  for (const auto& service : services) service->cancel();
  run_until_running(0);
}

TEST_F(Api, ChangesNeedTheToken) {
  const std::string path = testing::TempDir() + "api-token-" + std::to_string(::getpid());
  ASSERT_TRUE(common::write_atomically(path, "s3cret\n", 0600).has_value());
  Config config;
  config.api_token_file = path;
  ASSERT_TRUE(set_access(access, config).has_value());
  for (const char* route : {"/disable", "/enable", "/weight/7", "/services/web/disable", "/services/web/enable",
                            "/services/web/weight/7"}) {
    EXPECT_EQ(call("PUT", route).status, 401) << route;
    EXPECT_EQ(call("GET", route).status, 405) << route;
    EXPECT_EQ(call("HEAD", route).status, 405) << route;
  }
  EXPECT_EQ(services[0]->status().max_weight, 200);
  for (const char* route : {"/", "/status", "/services/web/status", "/metrics", "/version", "/health", "/events"}) {
    EXPECT_NE(call("GET", route).status, 401) << route;
  }
  ::unlink(path.c_str());
  const auto failed = set_access(access, config);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message,
            "apiTokenFile: cannot read the API token in " + path + ": No such file or directory");
  EXPECT_EQ(call("PUT", "/weight/7").status, 401) << "the old token still holds";
}

TEST_F(Api, TellsOnceWhoChangesThingsByGet) {
  call("GET", "/services/web/weight/1");
  call("GET", "/services/web/weight/2");
  call("GET", "/weight/2");
  EXPECT_THAT(told, testing::ElementsAre("/services/:name/weight/:weight", "/weight/:weight"));
}

TEST_F(Api, OtherRoutes) {
  EXPECT_EQ(call("GET", "/version").body, "{\"name\":\"nerve\",\"version\":\"1.2.3\"}\n");
  EXPECT_EQ(call("GET", "/metrics").body, "metrics\n");
  EXPECT_EQ(call("GET", "/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  const Response list = call("GET", "/");
  EXPECT_NE(list.body.find("PUT /services/:name/disable\n"), std::string::npos) << list.body;
  EXPECT_EQ(call("PUT", "/status").status, 405);
}

}  // namespace
}  // namespace nerve
