#include "nerve/check/exec_check.h"

#include <algorithm>

#include "common/process/command.h"

namespace nerve {
namespace {

// What goes into a reason, and with it into the registry.
constexpr std::size_t kMaxOutput = 300;

}  // namespace

ExecCheck::ExecCheck(const CheckConfig& config)
    : command_(std::get<ExecOptions>(config.options).command), timeout_(config.timeout) {}

boost::asio::awaitable<Answer> ExecCheck::run() {
  common::CommandOptions options;
  options.argv = command_;
  options.timeout = timeout_;
  options.max_output = kMaxOutput;
  const auto result = co_await common::run_command(std::move(options));
  if (result.ok()) co_return Answer{true, {}};
  std::string reason = target() + ": " + result.describe();
  std::replace_if(
      reason.begin(), reason.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  co_return Answer{false, std::move(reason)};
}

std::string ExecCheck::target() const {
  return command_.front();
}

}  // namespace nerve
