// Passes when a GET is answered with a status that is not 5xx. Redirects are not followed: a 302 is an answer.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/connect.h"

namespace nerve {

class HttpCheck : public Check {
 public:
  HttpCheck(const CheckConfig& config, common::Resolver& resolver);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;

 private:
  ConnectTarget target_;
  std::string path_;
  std::chrono::milliseconds body_limit_;
  common::Resolver& resolver_;
};

void read_http(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_http(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
