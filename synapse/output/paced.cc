#include "synapse/output/paced.h"

#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace synapse {

namespace asio = boost::asio;

Paced::Paced(asio::io_context& io, std::chrono::milliseconds max_wait, std::function<asio::awaitable<bool>()> work)
    : work_(std::move(work)), changes_(max_wait), random_(std::random_device{}()), wake_(io) {}

void Paced::changed() {
  changes_.changed(Clock::now());
  woken_ = true;
  wake_.cancel();
}

std::optional<Paced::Clock::time_point> Paced::due() const {
  const auto change = changes_.due();
  if (!change || !again_) return change ? change : again_;
  return std::min(*change, *again_);
}

asio::awaitable<void> Paced::run() {
  for (;;) {
    woken_ = false;
    const auto at = due();
    const auto now = Clock::now();
    if (at && *at <= now) {
      changes_.acted(now);
      again_.reset();
      const bool done = co_await work_();
      if (done) {
        retry_.reset();
      } else {
        again_ = Clock::now() + retry_.next(random_);
      }
      continue;
    }
    if (woken_) continue;
    boost::system::error_code ignored;
    wake_.expires_at(at.value_or(Clock::time_point::max()));
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace synapse
