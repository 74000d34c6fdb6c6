#include "nerve/check/grpc_check.h"

#include <utility>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "nerve/check/grpc_health.h"
#include "nerve/check/https_check.h"

namespace nerve {
namespace {

common::http::ClientRequest grpc_request(const CheckConfig& config) {
  const auto& options = std::get<GrpcOptions>(config.options);
  common::http::ClientRequest request;
  request.method = "POST";
  const TlsOptions tls = options.tls.value_or(TlsOptions());
  request.url =
      (options.tls ? "https://" : "http://") + tls_authority(config, tls, request) + "/grpc.health.v1.Health/Check";
  request.headers = {{"Content-Type", "application/grpc"},
                     {"TE", "trailers"},
                     {"User-Agent", "nerve"},
                     {"grpc-timeout", std::to_string(config.timeout.count()) + "m"}};
  request.body = health_request(options.service);
  request.target = (options.tls ? "grpcs://" : "grpc://") + common::host_port(config.host, config.port);
  request.verify = tls.verify;
  request.ca_file = tls.ca_file;
  request.http2 = true;
  return request;
}

}  // namespace

GrpcCheck::GrpcCheck(const CheckConfig& config, common::http::Client& client)
    : request_(grpc_request(config)), service_(std::get<GrpcOptions>(config.options).service), client_(client) {}

boost::asio::awaitable<Answer> GrpcCheck::run() {
  const auto answer = co_await client_.exchange(request_);
  if (!answer) co_return Answer{false, answer.error().message};
  std::string objection = health_objection(answer->status, answer->fields, answer->body, service_, request_.target);
  const bool passed = objection.empty();
  co_return Answer{passed, std::move(objection)};
}

void read_grpc(common::ObjectReader& object, CheckConfig& config) {
  GrpcOptions options;
  options.service = object.text("service", options.service);
  const TlsOptions tls = read_tls(object);
  if (object.boolean("tls", tls.verify)) {
    options.tls = tls;
  } else if (tls != TlsOptions()) {
    object.error("tls", "must be true for verify, caFile and serverName to have an effect");
  }
  config.options = std::move(options);
}

std::unique_ptr<Check> make_grpc(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<GrpcCheck>(config, context.http);
}

}  // namespace nerve
