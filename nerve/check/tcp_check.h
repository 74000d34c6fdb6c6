// Passes when a TCP connection opens. It is closed again at once.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/connect.h"

namespace nerve {

class TcpCheck : public Check {
 public:
  TcpCheck(const CheckConfig& config, common::Resolver& resolver);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 private:
  ConnectTarget target_;
  common::Resolver& resolver_;
};

}  // namespace nerve
