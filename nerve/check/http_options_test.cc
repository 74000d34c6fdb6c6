#include "nerve/check/http_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/document.h"
#include "common/config/reader.h"
#include "nerve/check/kinds.h"

namespace nerve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct ReadCheck {
  CheckConfig config;
  std::vector<std::string> errors;
};

// The keys of one check, as a YAML mapping in one line.
ReadCheck read(const std::string& keys) {
  const auto document = common::Document::parse("{" + keys + "}", "n.yml");
  EXPECT_TRUE(document);
  common::Diagnostics diagnostics;
  CheckConfig service;
  service.host = "10.0.0.1";
  service.port = 5672;
  ReadCheck result{read_check(common::Reader(*document, diagnostics), service), {}};
  EXPECT_THAT(diagnostics.warnings, IsEmpty());
  result.errors = diagnostics.errors;
  return result;
}

template <class Options>
Options good(const std::string& keys) {
  const auto result = read(keys);
  EXPECT_THAT(result.errors, IsEmpty());
  return std::get<Options>(result.config.options);
}

TEST(HttpOptions, HaveDefaults) {
  EXPECT_EQ(good<HttpOptions>("type: http"), HttpOptions());
  HttpOptions https;
  https.tls = TlsOptions();
  EXPECT_EQ(good<HttpOptions>("type: https"), https);
}

TEST(HttpOptions, AreAllRead) {
  const auto options = good<HttpOptions>(
      "type: https, path: a, method: POST, headers: {Host: b}, body: c, expectStatus: 200-299, expectBody: /d/, "
      "followRedirects: true, unixSocket: /e, verify: true, caFile: /f, serverName: g");
  EXPECT_EQ(options.path, "/a");
  EXPECT_EQ(options.method, "POST");
  EXPECT_EQ(options.headers.at("Host"), "b");
  EXPECT_EQ(options.body, "c");
  EXPECT_EQ(options.expect_status.to_string(), "200-299");
  EXPECT_EQ(options.expect_body, "/d/");
  EXPECT_TRUE(options.follow_redirects);
  EXPECT_EQ(options.unix_socket, "/e");
  EXPECT_EQ(options.tls, (TlsOptions{true, "/f", "g"}));
}

TEST(HttpOptions, ACaFileIsToBeUsed) {
  EXPECT_TRUE(good<HttpOptions>("type: https, caFile: /f").tls->verify);
  EXPECT_FALSE(good<HttpOptions>("type: https, serverName: g").tls->verify);
  EXPECT_TRUE(good<GrpcOptions>("type: grpc, caFile: /f").tls.has_value());
  EXPECT_FALSE(good<GrpcOptions>("type: grpc").tls.has_value());
}

TEST(HttpOptions, TlsKeysBelongToHttps) {
  const auto document = common::Document::parse("{type: http, verify: true}", "n.yml");
  common::Diagnostics diagnostics;
  (void)read_check(common::Reader(*document, diagnostics), {});
  EXPECT_THAT(diagnostics.warnings, ElementsAre(testing::HasSubstr("unknown key \"verify\"")));
}

TEST(HttpOptions, RefuseWhatWouldBreakARequest) {
  EXPECT_THAT(read("type: http, path: 'a b'").errors,
              ElementsAre(testing::HasSubstr("path: must not contain a space")));
  EXPECT_THAT(read("type: http, method: 'GET /'").errors, ElementsAre(testing::HasSubstr("must be an HTTP method")));
  EXPECT_THAT(read(R"(type: http, headers: {a: "b\nc: d"})").errors,
              ElementsAre(testing::HasSubstr("headers: must not contain a control character, the value of a does")));
  EXPECT_THAT(read(R"(type: http, headers: {"a:": b})").errors, ElementsAre(testing::HasSubstr("must have names")));
}

TEST(ProxyHttpOptions, DefaultToTheService) {
  const auto options = good<ProxyHttpOptions>("type: proxyhttp, urls: [example.org, 'https://a/b']");
  EXPECT_EQ(options.proxy_host, "10.0.0.1");
  EXPECT_EQ(options.proxy_port, 5672);
  EXPECT_THAT(options.urls, ElementsAre("http://example.org", "https://a/b"));
  EXPECT_FALSE(options.fail_on_any);
}

TEST(RabbitmqOptions, AskTheManagementPlugin) {
  EXPECT_EQ(read("type: rabbitmq").config.port, 15672);
  EXPECT_EQ(read("type: rabbitmq, port: 1").config.port, 1);
}

}  // namespace
}  // namespace nerve
