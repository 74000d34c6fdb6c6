#include "nerve/app.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/registration/validate.h"
#include "common/telemetry/log.h"
#include "nerve/lifecycle/drain.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
namespace log = common::log;
using std::chrono::seconds;

// On top of what the configuration allows for the drain.
constexpr seconds kDrainMargin{2};
// For the registry to confirm. When it does not answer, the registration goes with the session.
constexpr seconds kDeregisterLimit{2};
constexpr seconds kCloseLimit{4};
// A terminal and a wrapper script may both pass on one and the same wish.
constexpr seconds kOneWish{1};

void legacy_get_used(const std::string& pattern) {
  log::warn("admin API: GET {} changes something, which is deprecated: use PUT; apiLegacyGet: false refuses it",
            pattern);
}

}  // namespace

App::App(std::string version) : version_(std::move(version)), signals_(io_, SIGTERM, SIGINT), access_(legacy_get_used) {
  // A reader of our stdout or of a socket that went away is an error of that write, not our end.
  std::signal(SIGPIPE, SIG_IGN);
}

App::~App() = default;

common::Result<void> App::start(const Config& config) {
  // The port first: when it is taken, this may be a second nerve, which must not touch the registry.
  if (auto opened = open_api(config); !opened) return opened.error();

  const Service::Makers makers{
      .check = [this](const CheckConfig& check) { return make_check(check, {resolver_}); },
      .reporter =
          [this](const ReporterConfig& reporter, const ReportSubject& subject, Reporter::Events events) {
            return make_reporter(reporter, subject, {io_, sessions_}, std::move(events));
          }};
  std::size_t all_checks = 0;
  for (const auto& service : config.services) {
    services_.push_back(std::make_unique<Service>(io_, service, makers, Telemetry{service_metrics_, events_}));
    all_checks += service.checks.size();
    longest_drain_ = std::max(longest_drain_, longest_drain(service.lifecycle));
  }
  std::size_t first_check = 0;
  for (const auto& service : services_) {
    service->start_checks(first_check, all_checks);
    first_check += service->check_count();
  }
  return {};
}

common::Result<void> App::open_api(const Config& config) {
  if (auto set = set_access(access_, config); !set) return set.error();
  auto routes = make_api(services_, {.version = version_,
                                     .metrics = [this] { return metrics_.text(); },
                                     .config = nullptr,
                                     .events = events_,
                                     .liveness = liveness_,
                                     .access = access_});
  auto api = common::http::Server::listen(io_, config.api_host, config.api_port, std::move(routes));
  if (!api) return api.error();
  if (!config.api_socket.empty()) {
    if (auto listening = (*api)->listen_on_socket(config.api_socket); !listening) return listening.error();
  }
  api_ = *std::move(api);
  log::info("nerve {} with {} service(s); admin API on {}{}{}", version_, config.services.size(),
            common::host_port(config.api_host, api_->port()), config.api_socket.empty() ? "" : " and ",
            config.api_socket);
  return {};
}

int App::run() {
  wait_for_signal();
  io_.run();
  if (sessions_.busy() || resolver_.busy()) {
    log::warn("{} does not answer; ending without it", resolver_.busy() ? "a name server" : "ZooKeeper");
    std::_Exit(orderly_ ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  return orderly_ ? EXIT_SUCCESS : EXIT_FAILURE;
}

void App::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
    if (cancelled) return;
    on_signal(number);
    wait_for_signal();
  });
}

void App::on_signal(int number) {
  const char* name = number == SIGTERM ? "SIGTERM" : "SIGINT";
  const auto now = std::chrono::steady_clock::now();
  if (!stop_asked_) {
    stop_asked_ = now;
    log::info("{}: disabling the services, then stopping; once more to stop without waiting for them", name);
    stopping_.spawn("stop", stop());
  } else if (now - *stop_asked_ >= kOneWish) {
    log::warn("{} again: not waiting any longer", name);
    hurry_ = true;
    step_.cancel();
  }
}

asio::awaitable<void> App::stop() {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto on_step = [this] { step_.cancel(); };
  for (const auto& service : services_) service->stop(false, on_step);
  if (!co_await wait_until(&App::all_stopped, now() + longest_drain_ + kDrainMargin)) {
    orderly_ = false;
    if (!hurry_) log::warn("the services took longer to disable than configured; stopping all the same");
    for (const auto& service : services_) service->stop(true, on_step);
  }

  hurry_ = false;  // taking back the registration is bounded, and worth its time
  if (!co_await wait_until(&App::all_deregistered, now() + kDeregisterLimit)) {
    orderly_ = false;
    for (const auto& service : services_) service->warn_of_unconfirmed();
  }

  for (const auto& service : services_) service->cancel();
  for (const auto& service : services_) co_await service->wait();
  api_.reset();
  sessions_.close([this] {
    sessions_closed_ = true;
    step_.cancel();
  });
  if (!co_await wait_until(&App::sessions_closed, now() + kCloseLimit)) orderly_ = false;
  log::info("stopped");
  io_.stop();
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

bool App::all_stopped() const {
  return std::all_of(services_.begin(), services_.end(), [](const auto& service) { return service->stopped(); });
}

bool App::all_deregistered() const {
  return std::all_of(services_.begin(), services_.end(), [](const auto& service) { return service->deregistered(); });
}

}  // namespace nerve
