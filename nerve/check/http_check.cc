#include "nerve/check/http_check.h"

#include <algorithm>
#include <utility>

#include "common/config/reader.h"
#include "common/http/shown_url.h"
#include "common/registration/validate.h"
#include "nerve/check/https_check.h"

namespace nerve {
namespace {

constexpr std::chrono::milliseconds kBodyMayTake{100};

PlainRequest plain_request(const CheckConfig& config, const HttpExpectation& expectation) {
  const auto& options = std::get<HttpOptions>(config.options);
  PlainRequest request;
  request.at = {config.host, config.port, config.prefer_ipv4};
  request.unix_socket = options.unix_socket;
  request.method = options.method;
  request.path = options.path;
  request.headers = options.headers;
  request.body = options.body;
  request.target = http_target(config);
  request.body_may_take = body_limit(config, expectation);
  return request;
}

}  // namespace

std::string http_target(const CheckConfig& config) {
  const auto& options = std::get<HttpOptions>(config.options);
  const std::string path = common::http::without_query(options.path);
  const std::string scheme = options.tls ? "https://" : "http://";
  if (!options.unix_socket.empty()) return scheme + "unix:" + options.unix_socket + ":" + path;
  return scheme + common::host_port(config.host, config.port) + path;
}

std::chrono::milliseconds body_limit(const CheckConfig& config, const HttpExpectation& expectation) {
  if (expectation.needs_body()) return std::chrono::milliseconds(0);
  return std::max(std::chrono::milliseconds(1), std::min(kBodyMayTake, config.timeout / 10));
}

HttpCheck::HttpCheck(const CheckConfig& config, common::Resolver& resolver)
    : expectation_(std::get<HttpOptions>(config.options).expect_status,
                   std::get<HttpOptions>(config.options).expect_body),
      exchange_(plain_request(config, expectation_)),
      resolver_(resolver) {}

boost::asio::awaitable<Answer> HttpCheck::run() {
  const auto answer = co_await exchange_.run(resolver_);
  if (!answer) co_return Answer{false, answer.error().message};
  std::string objection = expectation_.objection(answer->status, answer->body, exchange_.target());
  const bool passed = objection.empty();
  co_return Answer{passed, std::move(objection)};
}

void read_http(common::ObjectReader& object, CheckConfig& config) {
  config.options = read_http_options(object);
}

std::unique_ptr<Check> make_http(const CheckConfig& config, const CheckContext& context) {
  if (std::get<HttpOptions>(config.options).follow_redirects) return make_https(config, context);
  return std::make_unique<HttpCheck>(config, context.resolver);
}

}  // namespace nerve
