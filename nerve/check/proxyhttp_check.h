// Passes when urls answer through an HTTP proxy, with a status that is not 5xx: any of them, or all. They are asked
// side by side.
#pragma once

#include <string>
#include <vector>

#include "common/http/client.h"
#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class ProxyHttpCheck : public Check {
 public:
  ProxyHttpCheck(const CheckConfig& config, common::http::Client& client);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return proxy_name_; }
  // So that the reason tells which url was too slow, and what became of the others.
  bool keeps_time() const override { return true; }

 private:
  boost::asio::awaitable<std::string> objection_to(common::http::ClientRequest request);

  std::vector<common::http::ClientRequest> requests_;
  bool fail_on_any_;
  std::string proxy_name_;
  std::chrono::milliseconds timeout_;
  common::http::Client& client_;
};

void read_proxyhttp(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_proxyhttp(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
