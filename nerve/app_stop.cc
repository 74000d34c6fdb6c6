// The part of the app that hears signals, and takes everything down in the order that its services and the registry
// need.
#include <chrono>
#include <csignal>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/telemetry/log.h"
#include "nerve/app.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::seconds;

// On top of what the configuration allows for the drain.
constexpr seconds kDrainMargin{2};
// For the registry to confirm. When it does not answer, the registration goes with the session.
constexpr seconds kDeregisterLimit{2};
// For news that are on their way when the registrations are handed over.
constexpr seconds kHandOverLimit{1};
constexpr seconds kCloseLimit{4};
// On top of all that, before a service manager loses its patience.
constexpr seconds kStopMargin{2};
// A terminal and a wrapper script may both pass on one and the same wish.
constexpr seconds kOneWish{1};

const char* name_of_signal(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    case SIGUSR2:
      return "SIGUSR2";
    default:
      return "SIGINT";
  }
}

}  // namespace

void App::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
    if (cancelled) return;
    on_signal(number);
    wait_for_signal();
  });
}

void App::on_signal(int number) {
  const std::string name = name_of_signal(number);
  if (number == SIGHUP) return follower_.ask(name);
  const auto now = std::chrono::steady_clock::now();
  if (stop_asked_) {
    if (now - *stop_asked_ < kOneWish) return;
    log::warn("{} again: not waiting any longer", name);
    hurry_ = true;
    step_.cancel();
    return;
  }
  save_state();
  stop_asked_ = now;
  follower_.end();
  if (number == SIGUSR2) {
    log::info("{}: stopping; the registrations stay for the next start", name);
    stopping_.spawn("hand over", hand_over());
  } else {
    log::info("{}: disabling the services, then stopping; once more to stop without waiting for them", name);
    stopping_.spawn("stop", stop());
  }
}

asio::awaitable<void> App::stop() {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto drained_by = now() + roster_->longest_drain() + kDrainMargin;
  manager_.stopping(roster_->longest_drain() + kDrainMargin + kDeregisterLimit + kCloseLimit + kStopMargin);
  roster_->stop(Service::Ending::shutdown);
  const bool stopped = co_await wait_until(&App::all_stopped, drained_by);
  if (!stopped) {
    orderly_ = false;
    if (!hurry_) log::warn("the services took longer to disable than configured; stopping all the same");
    roster_->stop(Service::Ending::now);
  }

  hurry_ = false;  // taking back the registration is bounded, and worth its time
  const bool confirmed = co_await wait_until(&App::all_confirmed, now() + kDeregisterLimit);
  if (!confirmed) {
    orderly_ = false;
    roster_->warn_of_unconfirmed();
  }
  co_await roster_->end();
  api_.reset();
  if (roster_->keeps_registrations()) {
    save_state();
    sessions_left_ = true;
    log::info("stopped; registrations stay until their sessions expire, or for the next start");
  } else {
    hurry_ = false;  // likewise
    co_await close_sessions();
    log::info("stopped");
  }
  io_.stop();
}

asio::awaitable<void> App::hand_over() {
  manager_.stopping(kHandOverLimit + kStopMargin);
  roster_->stop(Service::Ending::hand_over);
  const bool confirmed = co_await wait_until(&App::all_confirmed, std::chrono::steady_clock::now() + kHandOverLimit);
  if (!confirmed) roster_->warn_of_unconfirmed();
  co_await roster_->end();
  api_.reset();
  save_state();
  sessions_left_ = true;
  log::info("stopped; the registrations stay until their sessions expire, or for the next start");
  io_.stop();
}

asio::awaitable<void> App::close_sessions() {
  if (orderly_) {
    if (state_file_) state_file_->remove();
  } else {
    save_state();  // what may have stayed behind
  }
  state_path_.clear();
  state_file_.reset();
  sessions_->close([this] {
    sessions_closed_ = true;
    step_.cancel();
  });
  const bool closed = co_await wait_until(&App::sessions_closed, std::chrono::steady_clock::now() + kCloseLimit);
  if (!closed) orderly_ = false;
}

asio::awaitable<bool> App::wait_until(bool (App::*reached)() const, Deadline deadline) {
  while (!(this->*reached)()) {
    if (hurry_ || std::chrono::steady_clock::now() >= deadline) co_return false;
    boost::system::error_code ignored;
    step_.expires_at(deadline);
    co_await step_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return true;
}

}  // namespace nerve
