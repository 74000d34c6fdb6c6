// Passes when a program ends with status 0 within the timeout.
#pragma once

#include "nerve/check/check.h"
#include "nerve/check/check_config.h"
#include "nerve/check/check_kind.h"

namespace nerve {

class ExecCheck : public Check {
 public:
  ExecCheck(const CheckConfig& config, common::Turns& turns);

  boost::asio::awaitable<Answer> run() override;
  std::string target() const override;
  // So that the reason of a timeout carries what the program had said by then.
  bool keeps_time() const override { return true; }
  common::Turns* turns() override { return &turns_; }

 private:
  ExecOptions options_;
  std::chrono::milliseconds timeout_;
  common::Turns& turns_;
};

void read_exec(common::ObjectReader& object, CheckConfig& config);
std::unique_ptr<Check> make_exec(const CheckConfig& config, const CheckContext& context);

}  // namespace nerve
