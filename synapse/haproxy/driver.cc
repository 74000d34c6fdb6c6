#include "synapse/haproxy/driver.h"

#include <algorithm>
#include <utility>

#include "synapse/config_difference.h"
#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/runtime_codec.h"

namespace synapse::haproxy {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int kMaxRounds = 4;
// The commands for more servers than these are sent in portions: all of them at once are megabytes, and a change that
// comes meanwhile would wait for all of them.
constexpr std::size_t kServersAtOnce = 1'000;
// Deletions that HAProxy refused because connections are still attached.
constexpr seconds kRemovalRetry{5};
// A sweep of tombstones is a reload, which is worth sparing.
constexpr seconds kSweepInterval{600};

constexpr milliseconds kFileFollowsAfter{100};
constexpr milliseconds kBusyRetry{50};
// While a server waits for its first check.
constexpr milliseconds kVerifyInterval{100};

}  // namespace

Driver::Driver(asio::io_context& io, const RouterConfig& router, HaproxyControl& control, Events& events,
               std::function<void(const std::string&)> on_routed)
    : config_(std::get<HaproxyRouterConfig>(router.kind)),
      control_(control),
      events_(events),
      place_(place_of(router)),
      on_routed_(std::move(on_routed)),
      file_(config_.config_path, config_.haproxy_binary),
      socket_(config_.socket_path, config_.further_sockets,
              [this](const std::string& words) { events_.socket_replaced(config_.config_path, words); }),
      random_(std::random_device{}()),
      reload_interval_(config_.reload_min_interval),
      file_interval_(kFileInterval),
      sweep_interval_(kSweepInterval),
      tasks_(io),
      wake_(io) {
  take_services(router);
  read_file();
}

void Driver::haproxy_ended(const std::string& how) {
  end_ = how;
  if (attached_) lost(how);
  wake();
}

asio::awaitable<void> Driver::run() {
  first_answers_.begin(Clock::now());
  for (;;) {
    woken_ = false;
    step_began_ = Clock::now();
    co_await step();
    step_began_.reset();
    co_await sleep();
  }
}

asio::awaitable<void> Driver::stop() {
  tasks_.cancel();
  co_await tasks_.wait();
  busy_ = false;
  // The next synapse knows what was done by what the file says.
  if (attached_ && has_socket() && (file_due_ || writing_)) co_await write_file();
}

asio::awaitable<void> Driver::step() {
  if (!attached_) co_await attach();
  if (attached_) co_await plan_due();
  if (!attached_) co_return;
  const auto now = Clock::now();
  if (!busy_ && !reloads_.empty()) {
    if (reload_at(now) <= now && !would_empty_a_service()) {
      // What the new worker shall have is what the old one has at this moment.
      if (has_socket()) co_await look();
      if (attached_) begin("HAProxy reload", reload());
      co_return;
    }
  } else if (!busy_ && file_due_ && *file_due_ <= now) {
    begin("HAProxy's file", write_file());
  }
  // While HAProxy loads, its socket is away for some milliseconds.
  if (attached_ && has_socket() && !busy_ && look_at_ <= Clock::now()) co_await look();
}

Driver::Services Driver::take_due() {
  const auto now = Clock::now();
  Services due;
  std::size_t servers = 0;
  for (std::size_t looked = 0; looked < services_.size() && servers < kServersAtOnce; ++looked) {
    next_due_ = (next_due_ + 1) % services_.size();
    const auto& service = services_[next_due_];
    const auto change = service->changes.due();
    const bool changed = change && *change <= now;
    const bool again = service->again && *service->again <= now;
    if (changed) service->changes.acted(now);
    if (again) service->again.reset();
    if (!changed && !again) continue;
    due.push_back(service);
    servers += service->wanted.servers.size();
  }
  return due;
}

asio::awaitable<void> Driver::plan_due() {
  const auto due = take_due();
  if (due.empty()) co_return;
  if (!has_socket()) {
    auto text = rendered(FileFor::reload);
    if (text.text != file_.text()) {
      want_reload(ReloadReason::no_socket, "servers changed");
    } else if (!refused_text_.empty() && !busy_) {
      co_await put_file(std::move(text));
    }
    for (const auto& service : due) service->needs_reload = service->lacks_servers = !reloads_.empty();
    co_return settled(due);
  }
  const auto is_known = [](const ReloadNeed& need) { return need.reason == ReloadReason::skeleton_changed; };
  if (running_.fingerprint != fingerprint_ && std::none_of(reloads_.begin(), reloads_.end(), is_known)) {
    want_reload(ReloadReason::skeleton_changed, "HAProxy runs another configuration than the wanted one");
  }
  for (int round = 1;; ++round) {
    const auto commands = plan_round(due);
    if (commands.empty()) break;
    if (round > kMaxRounds) {
      want_reload(ReloadReason::not_converging, "HAProxy does not reach the wanted state by commands");
      break;
    }
    const auto sent = co_await send(commands);
    if (sent == Sent::acknowledged) break;
    if (sent == Sent::plan_again) continue;
    const auto load = load_;
    auto reading = co_await ask();
    if (load != load_) continue;  // another worker's by now
    if (!reading) {
      for (const auto& service : due) service->again = Clock::now() + (busy_ ? kBusyRetry : milliseconds(0));
      if (!busy_) lost(reading.error().message);
      co_return;
    }
    const auto loaded = is_other_process(reading->process) ? Loaded::by_others : Loaded::nobody;
    take(std::move(*reading), loaded);
  }
  if (!file_due_) {
    const auto now = Clock::now();
    file_due_ = std::max(now + kFileFollowsAfter, file_interval_.earliest(now));
  }
  for (const auto& service : due) count_tombstones(*service);
  const bool verifying = std::any_of(due.begin(), due.end(), [](const auto& service) { return service->verifying; });
  if (verifying) look_at_ = std::min(look_at_, Clock::now() + kVerifyInterval);
  settled(due);
}

std::vector<Command> Driver::plan_round(const Services& due) {
  std::vector<Command> commands;
  std::vector<Command> removals;
  for (const auto& each : due) {
    auto& service = *each;
    service.needs_reload = service.lacks_servers = false;
    if (service.removed) continue;
    // Unknown is not empty: what HAProxy has for a service that nobody has spoken of stays as it is.
    if (!declared(service) || (!service.known && !service.from_file)) continue;
    auto planned = plan_as_it_runs(service);
    service.verifying = planned.verifying;
    for (const auto& need : planned.reloads) want_reload(need.reason, service.wanted.service + ": " + need.words);
    service.needs_reload = !planned.reloads.empty();
    service.lacks_servers = std::any_of(planned.reloads.begin(), planned.reloads.end(), [](const ReloadNeed& need) {
      return need.reason != ReloadReason::options_changed;
    });
    std::move(planned.commands.begin(), planned.commands.end(), std::back_inserter(commands));
    if (!planned.removals.empty()) service.again = Clock::now() + kRemovalRetry;
    if (planned.again && (!service.again || *planned.again < *service.again)) service.again = planned.again;
    std::move(planned.removals.begin(), planned.removals.end(), std::back_inserter(removals));
  }
  std::move(removals.begin(), removals.end(), std::back_inserter(commands));
  return commands;
}

asio::awaitable<Driver::Sent> Driver::send(const std::vector<Command>& commands) {
  std::vector<std::string> lines;
  for (const auto& command : commands) lines.push_back(command.text);
  for (const auto& command : commands) note_sent(command, running_.state.backends[command.backend]);
  const auto load = load_;
  changed_at_ = Clock::now();
  const auto replies = co_await socket_.exchange(lines);
  if (load != load_) {
    // Another worker answers by now. Which of them did this is not known.
    for (const auto& command : commands) note_sent(command, running_.state.backends[present_name(command.backend)]);
    co_return Sent::surprise;
  }
  if (!replies) {
    events_.socket_failed(config_.config_path, replies.error().message);
    co_return Sent::surprise;
  }
  const auto denied = denied_by(socket_.path(), *replies);
  if (denied) {
    events_.socket_failed(config_.config_path, *denied);
  } else {
    events_.socket_works(config_.config_path);
  }
  Sent sent = Sent::acknowledged;
  std::size_t ok = 0;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto judgement = acknowledge(commands[i], (*replies)[i], running_.state.backends[commands[i].backend]);
    switch (judgement.verdict) {
      case Verdict::ok:
        ++ok;
        break;
      case Verdict::busy:
        ++refused;
        break;
      case Verdict::refused:
        ++refused;
        if (sent == Sent::acknowledged) sent = Sent::plan_again;
        break;
      case Verdict::surprise:
        sent = Sent::surprise;
        if (!denied) events_.command_surprised(config_.config_path, commands[i].text, judgement.words);
    }
  }
  events_.commands_sent(config_.config_path, ok, refused);
  co_return sent;
}

void Driver::settled(const Services& services) {
  const auto now = Clock::now();
  for (const auto& service : services) {
    if (service->removed || !service->known) continue;
    // What came meanwhile is acknowledged with the next round.
    if (!service->needs_reload && !service->changes.due())
      events_.servers_acknowledged({service->wanted.service, place_}, now);
    if (service->routed || service->lacks_servers) continue;
    service->routed = true;
    on_routed_(service->wanted.service);
  }
}

void Driver::plan_all_again() {
  for (const auto& service : services_) service->again = Clock::now();
  // Nothing else asks where there is no service.
  if (services_.empty() && has_socket() && running_.fingerprint != fingerprint_) {
    want_reload(ReloadReason::skeleton_changed, "HAProxy runs another configuration than the wanted one");
  }
  wake();
}

void Driver::want_reload(ReloadReason reason, const std::string& words) {
  ReloadNeed need{reason, words};
  if (std::find(reloads_.begin(), reloads_.end(), need) != reloads_.end()) return;
  events_.reload_wanted(config_.config_path, std::string(to_string(reason)), words);
  reloads_.push_back(std::move(need));
}

void Driver::lost(const std::string& how) {
  if (!std::exchange(attached_, false)) return;  // its end was heard meanwhile
  not_before_ = Clock::now() + start_retry_.next(random_);
  events_.haproxy_lost(config_.config_path, how);
}

}  // namespace synapse::haproxy
