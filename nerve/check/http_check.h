// Passes when a request is answered as expected: without further keys, a GET with a status that is not 5xx. Redirects
// are answers like any other, unless they are to be followed. Two kinds, http and https.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"
#include "nerve/check/http_expectation.h"
#include "nerve/check/plain_http.h"

namespace nerve {

// Plain HTTP, on a few lines of Beast.
class HttpCheck : public Check {
 public:
  HttpCheck(const CheckConfig& config, common::Resolver& resolver);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return exchange_.target(); }

 private:
  HttpExpectation expectation_;
  PlainExchange exchange_;
  common::Resolver& resolver_;
};

void read_http(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_http(const CheckConfig& config, const CheckContext& context);

// "http://web:80/health", "http://unix:/run/web.sock:/health"
[[nodiscard]] std::string http_target(const CheckConfig& config);

// How long a body may take that the verdict does not need: a server that is left in the middle of its answer logs an
// error, one that never ends it must not fail the check. Zero when it is needed.
[[nodiscard]] std::chrono::milliseconds body_limit(const CheckConfig& config, const HttpExpectation& expectation);

}  // namespace nerve
