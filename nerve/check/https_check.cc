#include "nerve/check/https_check.h"

#include <utility>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "nerve/check/http_check.h"

namespace nerve {
namespace {

constexpr int kMaxRedirects = 5;

common::http::ClientRequest https_request(const CheckConfig& config) {
  const auto& options = std::get<HttpOptions>(config.options);
  common::http::ClientRequest request;
  request.method = options.method;
  const TlsOptions tls = options.tls.value_or(TlsOptions());
  request.url = (options.tls ? "https://" : "http://") + tls_authority(config, tls, request) + options.path;
  request.headers = options.headers;
  request.headers.emplace("User-Agent", "nerve");
  request.body = options.body;
  request.target = http_target(config);
  request.unix_socket = options.unix_socket;
  request.verify = tls.verify;
  request.ca_file = tls.ca_file;
  request.max_redirects = options.follow_redirects ? kMaxRedirects : 0;
  request.max_body = kMaxHttpBody;
  return request;
}

}  // namespace

std::string tls_authority(const CheckConfig& config, const TlsOptions& tls, common::http::ClientRequest& request) {
  request.prefer_ipv4 = config.prefer_ipv4;
  if (tls.server_name.empty()) return common::host_port(config.host, config.port);
  request.at_host = config.host;
  return common::host_port(tls.server_name, config.port);
}

HttpsCheck::HttpsCheck(const CheckConfig& config, common::http::Client& client)
    : request_(https_request(config)),
      expectation_(std::get<HttpOptions>(config.options).expect_status,
                   std::get<HttpOptions>(config.options).expect_body),
      client_(client) {
  request_.body_may_take = body_limit(config, expectation_);
}

boost::asio::awaitable<Answer> HttpsCheck::run() {
  const auto answer = co_await client_.exchange(request_);
  if (!answer) co_return Answer{false, answer.error().message};
  std::string objection = expectation_.objection(answer->status, answer->body, answer->target);
  const bool passed = objection.empty();
  co_return Answer{passed, std::move(objection)};
}

void read_https(common::ObjectReader& object, CheckConfig& config) {
  HttpOptions options = read_http_options(object);
  options.tls = read_tls(object);
  config.options = std::move(options);
}

std::unique_ptr<Check> make_https(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<HttpsCheck>(config, context.http);
}

}  // namespace nerve
