#include "common/process/command.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/limits/limits.h"
#include "common/process/spawn.h"

namespace common {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

// A started program with its group. Whatever happens to the coroutine, the group is killed and the leader reaped.
class Running {
 public:
  Running(const asio::any_io_executor& executor, const Spawned& spawned)
      : ended(executor, spawned.pidfd), leader_(spawned.pid), followed_(spawned.pid) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (leader_ < 0) return;
    kill_group();
    // A killed process ends at once, unless the kernel holds it; then it stays a zombie until we exit.
    pollfd poll{.fd = ended.native_handle(), .events = POLLIN, .revents = 0};
    ::poll(&poll, 1, kKilledEndsWithinMs);
    reap(ended.native_handle());
  }

  // The leader has not been reaped yet, so the number is still the group's.
  void kill_group() {
    if (leader_ > 0) ::kill(-leader_, SIGKILL);
  }
  Ended finish() {
    kill_group();
    leader_ = -1;
    const auto end = reap(ended.native_handle());
    followed_.reset();
    return end;
  }

  Descriptor ended;

 private:
  static constexpr int kKilledEndsWithinMs = 100;
  pid_t leader_;
  std::optional<Followed> followed_;  // until it was reaped
};

// What is kept of what a program says.
struct Output {
  std::string& kept;
  const std::size_t bound;
  bool cut = false;

  void add(const char* data, std::size_t size) {
    const auto room = bound - std::min(bound, kept.size());
    kept.append(data, std::min(size, room));
    cut = cut || size > room;
  }
};

// Reads until the end of the pipe; the bound applies to what is kept, so that a talkative program never blocks.
asio::awaitable<void> capture(Descriptor& pipe, Output& output) {
  std::array<char, 4096> chunk;
  boost::system::error_code error;
  while (!error) {
    const auto got =
        co_await pipe.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    output.add(chunk.data(), got);
  }
}

// A grandchild may hold the pipe open for ever: take what is there, and no more.
void capture_rest(Descriptor& pipe, Output& output) {
  std::array<char, 4096> chunk;
  for (int reads = 0; reads < 64; ++reads) {
    const auto got = ::read(pipe.native_handle(), chunk.data(), chunk.size());
    if (got <= 0) return;
    output.add(chunk.data(), static_cast<std::size_t>(got));
  }
}

CommandResult not_started(int error) {
  return {.end = CommandResult::End::not_started, .code = error, .output = {}};
}

}  // namespace

std::string CommandResult::describe() const {
  std::string text;
  switch (end) {
    case End::exited:
      text = "exit status " + std::to_string(code);
      break;
    case End::signalled:
      text = "killed by signal " + std::to_string(code);
      break;
    case End::timed_out:
      text = "timed out after " + std::to_string(code) + " ms";
      break;
    case End::not_started:
      return std::string("cannot start: ") + std::strerror(code);
  }
  auto last = output.find_last_not_of(" \t\r\n");
  if (last != std::string::npos) text += ": " + output.substr(0, last + 1);
  return text;
}

asio::awaitable<CommandResult> run_command(CommandOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) co_return not_started(errno);
  const auto spawned = spawn(options.argv, options.environment, ends[1]);
  ::close(ends[1]);
  Descriptor pipe(executor, ends[0]);
  pipe.non_blocking(true);
  if (spawned.error != 0) co_return not_started(spawned.error);

  // Shared with the timer's handler, which may be on its way when this frame is gone.
  const auto running = std::make_shared<Running>(executor, spawned);
  const auto timed_out = std::make_shared<bool>(false);
  asio::steady_timer deadline(executor, options.timeout);
  deadline.async_wait([weak = std::weak_ptr(running), timed_out](const boost::system::error_code& stopped) {
    const auto killed = weak.lock();
    if (stopped || !killed) return;
    *timed_out = true;
    killed->kill_group();
  });

  CommandResult result;
  Output output{.kept = result.output, .bound = options.max_output};
  using namespace asio::experimental::awaitable_operators;
  co_await (capture(pipe, output) || running->ended.async_wait(Descriptor::wait_read, asio::use_awaitable));
  co_await running->ended.async_wait(Descriptor::wait_read,
                                     asio::use_awaitable);  // it may have closed its output early
  deadline.cancel();
  capture_rest(pipe, output);
  const auto end = running->finish();
  if (*timed_out) {
    result.end = CommandResult::End::timed_out;
    result.code = static_cast<int>(options.timeout.count());
  } else {
    result.end = end.signalled ? CommandResult::End::signalled : CommandResult::End::exited;
    result.code = end.code;
  }
  // Nobody asks for what a command says that does what it shall.
  if (output.cut && !result.ok()) limit_hit(Limit::command_output);
  co_return result;
}

}  // namespace common
