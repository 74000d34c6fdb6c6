// Passes when a pod's Ready condition is True, as the Kubernetes API says. Speaks as the service account of the pod
// that nerve runs in; its token is read for each check, because it is replaced every hour.
#pragma once

#include "common/http/client.h"
#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class KubernetesCheck : public Check {
 public:
  // An API server that is not known makes every run fail.
  KubernetesCheck(const CheckConfig& config, common::http::Client& client);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return "the Kubernetes API at " + request_.url; }

 private:
  KubernetesOptions options_;
  common::http::ClientRequest request_;  // without the token; without url when the server is not known
  common::http::Client& client_;
};

void read_kubernetes(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_kubernetes(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
