// The part of the driver that knows when there is something to do next, and sleeps until then.
#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "synapse/haproxy/driver.h"

namespace synapse::haproxy {

namespace asio = boost::asio;

namespace {

// While HAProxy is away.
constexpr std::chrono::milliseconds kAttachInterval{100};

}  // namespace

Driver::Clock::time_point Driver::reload_at(Clock::time_point now) const {
  const auto gathered = all_known() ? now : first_answers_.until();
  return std::max({reload_interval_.earliest(now), not_before_.value_or(now), gathered});
}

std::optional<Driver::Clock::time_point> Driver::next_deadline() const {
  const auto now = Clock::now();
  if (!attached_) return now + kAttachInterval;
  std::optional<Clock::time_point> next;
  const auto consider = [&next](std::optional<Clock::time_point> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& service : services_) {
    consider(service->changes.due());
    consider(service->again);
  }
  if (busy_) {
    // Its end wakes the loop.
  } else if (reloads_.empty()) {
    consider(file_due_);
  } else if (!would_empty_a_service()) {  // else the first snapshot wakes the loop
    consider(reload_at(now));
  }
  if (has_socket() && !busy_) consider(look_at_);
  return next;
}

void Driver::wake() {
  woken_ = true;
  wake_.cancel();
}

asio::awaitable<void> Driver::sleep() {
  if (woken_) co_return;
  const auto deadline = next_deadline();
  boost::system::error_code ignored;
  wake_.expires_at(deadline.value_or(Clock::time_point::max()));
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace synapse::haproxy
