// Passes when grpc.health.v1.Health/Check says SERVING, for one service or for the server as a whole.
#pragma once

#include "common/http/client.h"
#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class GrpcCheck : public Check {
 public:
  GrpcCheck(const CheckConfig& config, common::http::Client& client);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return request_.target; }

 private:
  common::http::ClientRequest request_;
  std::string service_;
  common::http::Client& client_;
};

void read_grpc(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_grpc(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
