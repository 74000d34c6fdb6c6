#include "nerve/check/noop_check.h"

namespace nerve {

boost::asio::awaitable<Answer> NoopCheck::run() {
  co_return Answer{true, {}};
}

void read_noop(common::ObjectReader&, CheckConfig& config) {
  config.options = NoopOptions{};
}

std::unique_ptr<Check> make_noop(const CheckConfig&, const CheckContext&) {
  return std::make_unique<NoopCheck>();
}

}  // namespace nerve
