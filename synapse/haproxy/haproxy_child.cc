#include "synapse/haproxy/haproxy_child.h"

#include <charconv>
#include <csignal>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "common/file/write_atomically.h"
#include "common/limits/limits.h"
#include "common/telemetry/log.h"
#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/config_file.h"
#include "synapse/haproxy/runtime_codec.h"
#include "synapse/haproxy/runtime_socket.h"
#include "synapse/haproxy/taken_ports.h"

namespace synapse::haproxy {

namespace asio = boost::asio;
namespace log = common::log;
using common::ChildProcess;
using common::Result;

namespace {

constexpr std::chrono::milliseconds kTerminatesWithin{2'000};
constexpr std::chrono::milliseconds kSignalInterval{250};
constexpr std::size_t kMaxAlerts = 2048;

// True when the process runs our file: a pid file may be older than the last boot.
bool runs_our_file(pid_t pid, const std::string& config_path) {
  const auto command = common::read_file("/proc/" + std::to_string(pid) + "/cmdline");
  if (!command) return false;
  const std::string argument = std::string("-f") + '\0' + config_path + '\0';
  return command->find(argument) != std::string::npos;
}

// Who listens on a unix socket, by the kernel's word; 0: nobody.
pid_t listener_on(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return 0;
  path.copy(address.sun_path, path.size());
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (client < 0) return 0;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  const bool known = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
  ::close(client);
  return known ? credentials.pid : 0;
}

// An HAProxy of another user shares no port with us: then the one to be replaced itself would be in the way.
bool may_share_ports(pid_t pid) {
  struct stat status {};
  return ::stat(("/proc/" + std::to_string(pid)).c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

// HAProxy writes "[ALERT]    (pid) : words".
std::string without_pid(const std::string& line) {
  constexpr std::string_view kMark = ") : ";
  const auto at = line.find(kMark);
  return at == std::string::npos ? line : line.substr(at + kMark.size());
}

// It comments on every command and every reload; what an operator wants to know are faults, and servers that its own
// checks take out or bring back.
void log_line(const std::string& line) {
  const auto says = [&line](const char* words) { return line.find(words) != std::string::npos; };
  if (line.starts_with("[WARNING]") && (says(" is DOWN") || says(" is UP, reason") || says("has no server"))) {
    log::info("haproxy: {}", line);
  } else {
    log::debug("haproxy: {}", line);
  }
}

}  // namespace

HaproxyChild::HaproxyChild(asio::io_context& io, HaproxyChildOptions options,
                           std::function<void(const std::string&)> on_exit)
    : io_(io),
      options_(std::move(options)),
      on_exit_(std::move(on_exit)),
      ended_(io, asio::steady_timer::time_point::max()) {}

void HaproxyChild::adopt() {
  pid_t pid = 0;
  common::remove_unfinished(pid_file());
  if (const auto text = common::read_file(pid_file())) {
    std::from_chars(text->data(), text->data() + text->size(), pid);
  }
  // The pid file may never have been written, when the disk was full.
  if (pid <= 1 || !runs_our_file(pid, options_.config_path)) pid = listener_on(master_socket());
  if (pid <= 1 || !runs_our_file(pid, options_.config_path)) return;
  auto adopted = ChildProcess::adopt(io_, pid, [this](const std::string& how) { exited(how); });
  // Looked at again, because the number may have passed to a stranger before we held it.
  if (!adopted || !runs_our_file(pid, options_.config_path)) return;
  child_ = std::move(*adopted);
  log::info("HAProxy of an earlier synapse is still running as process {}; taking it over", pid);
}

asio::awaitable<Result<void>> HaproxyChild::load() {
  told_ = std::exchange(alerts_, {});
  const auto text = common::read_file(options_.config_path, kMaxConfigBytes);
  former_secrets_ = std::exchange(secrets_, text ? secrets_of(*text) : Secrets());
  if (may_run()) {
    const auto why = text && may_share_ports(child_->pid()) ? why_not_bound(*text) : std::nullopt;
    if (why) co_return common::fail(with_advice(*why));
    child_->signal(SIGUSR2);
    co_return Result<void>{};
  }
  // -db: a `daemon` among the user's lines must not take the process away from us.
  auto started = ChildProcess::start(
      io_, {options_.binary, "-W", "-db", "-S", master_socket() + ",mode,600,level,admin", "-f", options_.config_path},
      [this](const std::string& how) { exited(how); }, [this](const std::string& line) { hear(line); });
  if (!started) co_return common::fail(with_advice(started.error().message));
  child_ = std::move(*started);
  const auto written = common::write_atomically(pid_file(), std::to_string(child_->pid()) + "\n");
  if (!written) log::warn("{}; a later synapse has to find this HAProxy by its socket", written.error().message);
  co_return Result<void>{};
}

// What it said after the load before, too, has been told: a start that fails is tried again and again.
void HaproxyChild::hear(const std::string& said) {
  const auto line = secrets_.masked(former_secrets_.masked(said));
  if (!line.starts_with("[ALERT]")) return log_line(line);
  const auto words = without_pid(line);
  if (told_.find(words) == std::string::npos) {
    log::error("haproxy: {}", line);
  } else {
    log::debug("haproxy: {}", line);
  }
  if (alerts_.size() + words.size() < kMaxAlerts) {
    alerts_ += (alerts_.empty() ? "" : "\n") + words;
  } else {
    common::limit_hit(common::Limit::command_output);
  }
}

std::string HaproxyChild::complaint() const {
  return with_advice(alerts_);
}

asio::awaitable<std::optional<std::size_t>> HaproxyChild::old_workers() {
  std::string path = master_socket();
  std::string question = "show proc";
  const auto answer = co_await ask_master(std::move(path), std::move(question));
  if (!answer) co_return std::nullopt;
  co_return count_old_workers(*answer);
}

void HaproxyChild::exited(const std::string& how) {
  ended_.cancel();
  if (on_exit_) on_exit_(how);
}

asio::awaitable<bool> HaproxyChild::ended_within(std::chrono::milliseconds limit) {
  ended_.expires_after(limit);
  boost::system::error_code ignored;
  if (may_run()) co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return !may_run();
}

asio::awaitable<void> HaproxyChild::stop(bool leave_running) {
  on_exit_ = nullptr;
  if (!may_run()) co_return;
  if (leave_running) {
    log::info("leaving HAProxy running as process {} for the next synapse", child_->pid());
    child_.reset();
    co_return;
  }
  log::info("stopping HAProxy; its connections have {} ms to finish", options_.shutdown_timeout.count());
  const auto deadline = std::chrono::steady_clock::now() + options_.shutdown_timeout;
  bool ended = false;
  while (!ended && std::chrono::steady_clock::now() < deadline) {
    child_->signal(SIGUSR1);  // again and again: one that comes in HAProxy's first milliseconds is lost
    ended = co_await ended_within(kSignalInterval);
  }
  if (!ended) {
    log::warn("HAProxy has not ended after {} ms; ending it, and the connections that it still has",
              options_.shutdown_timeout.count());
    child_->signal(SIGTERM);
    ended = co_await ended_within(kTerminatesWithin);
  }
  if (!ended) {
    child_->signal_group(SIGKILL);
    child_->signal(SIGKILL);
    co_await ended_within(kTerminatesWithin);
  }
  ::unlink(pid_file().c_str());
}

}  // namespace synapse::haproxy
