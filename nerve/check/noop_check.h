// Always passes: for a service that is announced whatever its state.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class NoopCheck : public Check {
 public:
  boost::asio::awaitable<Answer> run() override;
  std::string target() const override { return "nothing"; }
};

void read_noop(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_noop(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
