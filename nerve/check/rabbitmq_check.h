// Passes when RabbitMQ's management plugin says that a vhost is alive. (The amqp check asks the broker itself.)
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/plain_http.h"

namespace nerve {

class RabbitmqCheck : public Check {
 public:
  RabbitmqCheck(const CheckConfig& config, common::Resolver& resolver);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return exchange_.target(); }

 private:
  PlainExchange exchange_;
  common::Resolver& resolver_;
};

void read_rabbitmq(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_rabbitmq(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
