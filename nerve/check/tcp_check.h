// Passes when a TCP connection opens. It is closed again at once.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/connect.h"

namespace nerve {

class TcpCheck : public Check {
 public:
  TcpCheck(const CheckConfig& config, common::Resolver& resolver);

  std::optional<Answer> begin() override;
  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 private:
  ConnectTarget target_;
  std::optional<boost::asio::ip::tcp::endpoint> endpoint_;  // nothing: the name must be resolved
  std::optional<OpeningConnection> opening_;                // from begin() to run()
  common::Resolver& resolver_;
};

void read_tcp(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_tcp(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
