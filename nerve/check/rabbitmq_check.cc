#include "nerve/check/rabbitmq_check.h"

#include <utility>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "nerve/check/aliveness.h"
#include "nerve/check/basic_auth.h"

namespace nerve {
namespace {

constexpr int kManagementPort = 15672;

PlainRequest aliveness_request(const CheckConfig& config) {
  const auto& options = std::get<RabbitmqOptions>(config.options);
  PlainRequest request;
  request.at = {config.host, config.port, config.prefer_ipv4};
  request.path = aliveness_path(options.vhost);
  request.headers["Authorization"] = basic_authorization(options.username, options.password);
  request.target = "http://" + common::host_port(config.host, config.port) + request.path;
  return request;
}

}  // namespace

RabbitmqCheck::RabbitmqCheck(const CheckConfig& config, common::Resolver& resolver)
    : exchange_(aliveness_request(config)), resolver_(resolver) {}

boost::asio::awaitable<Answer> RabbitmqCheck::run() {
  const auto answer = co_await exchange_.run(resolver_);
  if (!answer) co_return Answer{false, answer.error().message};
  std::string objection = aliveness_objection(answer->status, answer->body, exchange_.target());
  const bool passed = objection.empty();
  co_return Answer{passed, std::move(objection)};
}

void read_rabbitmq(common::ObjectReader& object, CheckConfig& config) {
  // The service's port is where the broker speaks AMQP.
  if (!object.has("port")) config.port = kManagementPort;
  RabbitmqOptions options;
  options.vhost = object.text("vhost", options.vhost);
  options.username = object.text("username", options.username);
  options.password = object.text("password", options.password);
  config.options = std::move(options);
}

std::unique_ptr<Check> make_rabbitmq(const CheckConfig& config, const CheckContext& context) {
  return std::make_unique<RabbitmqCheck>(config, context.resolver);
}

}  // namespace nerve
