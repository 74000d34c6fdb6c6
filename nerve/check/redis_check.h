// Passes when a Redis (or what speaks its protocol) answers PING with PONG. A password is given first when there is
// one. The protocol is spoken here: it is one line each way, and less than what loading a library for it would take.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/connect.h"

namespace nerve {

class RedisCheck : public Check {
 public:
  RedisCheck(const CheckConfig& config, common::Resolver& resolver);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 private:
  ConnectTarget target_;
  std::string request_;
  int answers_;  // that come before PONG
  common::Resolver& resolver_;
};

void read_redis(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_redis(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
