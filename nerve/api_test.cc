#include "nerve/api.h"

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

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

class NoCheck : public Check {
 public:
  boost::asio::awaitable<Answer> run() override { co_return Answer{}; }
  std::string target() const override { return ""; }
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
        .check = [](const CheckConfig&) { return std::make_unique<NoCheck>(); },
        .reporter = [](const ReporterConfig&, const ReportSubject&,
                       const Reporter::Events&) { return std::make_unique<SilentReporter>(); }};
    services.push_back(std::make_unique<Service>(io, config, makers, metrics));
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

  boost::asio::io_context io;
  common::Metrics all_metrics;
  ServiceMetrics metrics{all_metrics};
  Services services;
  common::http::Routes routes = make_api(services, "1.2.3", [] { return std::string("metrics\n"); });
};

TEST_F(Api, StatusOfOneService) {
  const Response down = call("GET", "/services/web/status");
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(down.body,
            R"({"Name":"web","Host":"127.0.0.1","Port":80,"Status":"enabled","MaxWeight":200,"CurrentWeight":0,)"
            R"("Available":false})"
            "\n");
  EXPECT_EQ(call("PUT", "/services/web/enable?force=yes").status, 200);
  const Response up = call("GET", "/services/web/status");
  EXPECT_EQ(up.status, 200);
  EXPECT_EQ(up.body,
            R"({"Name":"web","Host":"127.0.0.1","Port":80,"Status":"forced","MaxWeight":200,"CurrentWeight":1,)"
            R"("Available":true})"
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
