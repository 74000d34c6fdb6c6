// The http check in the cases that need libcurl: TLS, and redirects that are followed.
#pragma once

#include "common/http/client.h"
#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/http_expectation.h"

namespace nerve {

class HttpsCheck : public Check {
 public:
  HttpsCheck(const CheckConfig& config, common::http::Client& client);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return request_.target; }

 private:
  common::http::ClientRequest request_;
  HttpExpectation expectation_;
  common::http::Client& client_;
};

void read_https(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_https(const CheckConfig& config, const CheckContext& context);

// "host:port" for a url: the name that the certificate is for, and `at_host` when that is not who is asked.
[[nodiscard]] std::string tls_authority(const CheckConfig& config, const TlsOptions& tls,
                                        common::http::ClientRequest& request);

}  // namespace nerve
