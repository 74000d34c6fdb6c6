// The part of the driver that makes HAProxy load the file.
#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/frontends.h"
#include "synapse/haproxy/runtime_codec.h"

namespace synapse::haproxy {

namespace asio = boost::asio;
using common::fail;
using common::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kLoadsWithin{5};
constexpr milliseconds kAskInterval{5};
constexpr seconds kRefusedRetry{60};

long elapsed_ms(std::chrono::steady_clock::time_point since) {
  return static_cast<long>(std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since).count());
}

}  // namespace

asio::awaitable<void> Driver::attach() {
  const auto now = Clock::now();
  if (!has_socket()) {
    // Nobody can tell whether the file on disk was ever loaded: it may have been written just before the end.
    want_reload(ReloadReason::first_start, "HAProxy has no runtime socket to ask what it runs");
    attached_ = true;
    co_return plan_all_again();
  }
  if (control_.may_run()) {
    auto reading = co_await ask();
    if (reading) {
      events_.haproxy_attached(config_.config_path, reading->process.version, reading->process.pid, true);
      events_.socket_works(config_.config_path);
      attached_ = true;
      attached_at_ = now;
      const auto others = std::exchange(started_, true) ? Loaded::by_others : Loaded::before;
      const auto loaded = is_other_process(reading->process) ? others : Loaded::nobody;
      take(std::move(*reading), loaded);
      co_return plan_all_again();
    }
  }
  if (!all_known() && now < first_answers_.until()) co_return;
  if (busy_ || (not_before_ && now < *not_before_)) co_return;
  co_await start();
}

asio::awaitable<void> Driver::start() {
  const auto begun = Clock::now();
  // When the new text is refused, the last good file is better than no HAProxy.
  co_await put_file(rendered(FileFor::reload));
  const auto own = read_rendered(file_.text());
  Result<Reading> reading = fail("there is no configuration that it accepts");
  const std::optional<ProcessInfo> nobody;
  if (own) reading = co_await load(nobody);
  if (!reading) {
    const auto pause = start_retry_.next(random_);
    not_before_ = Clock::now() + pause;
    co_return events_.haproxy_start_failed(config_.config_path, reading.error().message,
                                           static_cast<long>(pause.count()));
  }
  attached_ = true;
  attached_at_ = Clock::now();
  not_before_.reset();
  reloads_.clear();
  events_.haproxy_attached(config_.config_path, reading->process.version, reading->process.pid, false);
  const auto reason = std::exchange(started_, true) ? ReloadReason::restarted : ReloadReason::first_start;
  events_.reloaded(config_.config_path, {std::string(to_string(reason))}, reading->process.pid, elapsed_ms(begun));
  take(std::move(*reading), Loaded::by_us);
  plan_all_again();
}

// Beside the loop: live changes must not wait for a check or a load, which take much longer.
void Driver::begin(const char* name, asio::awaitable<void> work) {
  busy_ = true;
  busy_since_ = Clock::now();
  tasks_.spawn(name, beside(std::move(work)));
}

asio::awaitable<void> Driver::beside(asio::awaitable<void> work) {
  co_await std::move(work);
  busy_ = false;
  wake();
}

asio::awaitable<void> Driver::reload() {
  const auto begun = Clock::now();
  auto text = rendered(FileFor::reload);
  if (text.text == refused_text_ && begun - refused_at_ < kRefusedRetry) {
    put_off_refused();
    co_return;
  }
  const bool written = co_await put_file(std::move(text));
  if (!written) {
    if (refused_text_.empty()) {
      not_before_ = Clock::now() + reload_retry_.next(random_);
    } else {
      put_off_refused();
    }
    co_return;
  }
  const std::optional<ProcessInfo> former = running_.process;
  auto reading = co_await load(former);
  if (!reading) {
    const auto pause = reload_retry_.next(random_);
    not_before_ = Clock::now() + pause;
    co_return events_.reload_failed(config_.config_path, reading.error().message, static_cast<long>(pause.count()));
  }
  reload_retry_.reset();
  std::vector<std::string> reasons;
  changed_at_ = Clock::now();
  for (const auto& need : std::exchange(reloads_, {})) {
    if (need.reason == ReloadReason::tombstones) sweep_interval_.acted(changed_at_);
    const std::string reason(to_string(need.reason));
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(reason);
  }
  events_.reloaded(config_.config_path, reasons, reading->process.pid, elapsed_ms(begun));
  not_before_.reset();
  attached_ = true;
  if (has_socket()) take(std::move(*reading), Loaded::by_us);
  plan_all_again();
}

// It would be refused again. With a socket the looks at HAProxy come back to it.
void Driver::put_off_refused() {
  reloads_.clear();
  if (has_socket()) return;
  for (const auto& service : services_) service->again = refused_at_ + kRefusedRetry;
}

// Makes HAProxy load the file on disk, and waits until it says so itself: a signal or a command may be lost or refused.
asio::awaitable<Result<Driver::Reading>> Driver::load(std::optional<ProcessInfo> former) {
  // A variable of its own: g++ 12 destroys a conditional temporary within co_await twice.
  const auto file = read_rendered(file_.text());
  const std::string fingerprint = file ? file->fingerprint : "";
  reload_interval_.acted(Clock::now());
  end_.clear();
  if (!load_failed_) paused_by_hand_ = co_await paused_frontends();
  load_failed_ = true;
  if (const auto asked = co_await control_.load(); !asked) co_return asked.error();
  if (!has_socket()) co_return Reading{};
  auto reading = co_await ask_until_loaded(former, fingerprint);
  if (reading) co_await resume_frontends();
  load_failed_ = !reading;
  co_return reading;
}

asio::awaitable<std::vector<std::string>> Driver::paused_frontends() {
  if (!has_socket() || !control_.may_run()) co_return std::vector<std::string>();
  const std::vector<std::string> question{std::string(kShowFrontends)};
  const auto replies = co_await socket_.exchange(question);
  co_return replies ? parse_paused(replies->front()) : std::vector<std::string>();
}

asio::awaitable<void> Driver::resume_frontends() {
  const auto found = co_await paused_frontends();
  const auto paused = paused_by_load(found, paused_by_hand_);
  if (paused.empty()) co_return;
  std::vector<std::string> commands;
  for (const auto& frontend : paused) commands.push_back(enable_frontend(frontend));
  const auto replies = co_await socket_.exchange(commands);
  if (replies && !denied_by(socket_.path(), *replies)) events_.frontends_resumed(config_.config_path, paused);
}

asio::awaitable<Result<Driver::Reading>> Driver::ask_until_loaded(const std::optional<ProcessInfo>& former,
                                                                  const std::string& fingerprint) {
  const auto deadline = Clock::now() + std::max<Clock::duration>(kLoadsWithin, config_.reload_timeout);
  asio::steady_timer pause(co_await asio::this_coro::executor);
  std::string last;
  while (Clock::now() < deadline) {
    auto reading = co_await ask();
    if (!reading) {
      last = reading.error().message;
      if (!end_.empty() && !control_.may_run()) {
        co_return fail("it ended: " + end_ + heard());
      }
    } else if ((former && !are_different(reading->process, *former)) || reading->process.stopping) {
      last = "worker " + std::to_string(reading->process.pid) + " from before still answers";
    } else if (reading->fingerprint != fingerprint) {
      last = "worker " + std::to_string(reading->process.pid) + " runs another configuration than " + file_.path();
    } else {
      co_return reading;
    }
    pause.expires_after(kAskInterval);
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_return fail("not loaded in time: " + last + heard());
}

std::string Driver::heard() const {
  const auto complaint = control_.complaint();
  return complaint.empty() ? "" : "; it says: " + complaint;
}

asio::awaitable<Result<Driver::Reading>> Driver::ask() {
  std::vector<std::string> questions;
  for (const auto question : {kShowInfo, kShowFingerprint, kShowServersState}) questions.emplace_back(question);
  const auto replies = co_await socket_.exchange(questions);
  if (!replies) co_return replies.error();
  if (const auto denied = denied_by(socket_.path(), *replies)) co_return fail(*denied);
  auto info = parse_info((*replies)[0]);
  if (!info) co_return fail(socket_.path() + ": " + info.error().message);
  auto state = parse_servers_state((*replies)[2]);
  if (!state) co_return fail(socket_.path() + ": " + state.error().message);
  co_return Reading{.process = std::move(*info),
                    .fingerprint = parse_env((*replies)[1], kFingerprintVariable).value_or(""),
                    .state = std::move(*state)};
}

}  // namespace synapse::haproxy
