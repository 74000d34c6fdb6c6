#include "common/process/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/limits/limits.h"
#include "common/process/spawn.h"

namespace common {

namespace asio = boost::asio;

class ChildProcess::Core : public std::enable_shared_from_this<ChildProcess::Core> {
 public:
  Core(asio::io_context& io, pid_t pid, int pidfd, bool ours, OnExit on_exit)
      : ended_(io, pidfd), output_(io), pid_(pid), ours_(ours), followed_(pid), on_exit_(std::move(on_exit)) {}

  void follow_output(int descriptor, OnLine on_line) {
    output_.assign(descriptor);
    on_line_ = std::move(on_line);
    read_output();
  }

  void watch() {
    ended_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& stopped) {
                        const auto core = weak.lock();
                        if (core && !stopped) core->exited();
                      });
  }

  void let_go() {
    on_exit_ = nullptr;
    on_line_ = nullptr;
    ended_.cancel();
    followed_.reset();
    if (output_.is_open()) output_.close();
  }

  pid_t pid() const { return pid_; }
  bool running() const { return running_; }

  void signal(int number) {
    if (running_) ::syscall(SYS_pidfd_send_signal, ended_.native_handle(), number, nullptr, 0);
  }

  void signal_group(int number) {
    if (running_ && ours_) ::kill(-pid_, number);
  }

 private:
  void exited() {
    running_ = false;
    const auto end = reap(ended_.native_handle());
    followed_.reset();
    std::string how = "gone";
    if (end.known) how = (end.signalled ? "killed by signal " : "exit status ") + std::to_string(end.code);
    if (const auto on_exit = std::exchange(on_exit_, nullptr)) on_exit(how);
  }

  void read_output() {
    output_.async_read_some(asio::buffer(chunk_),
                            [weak = weak_from_this()](const boost::system::error_code& error, std::size_t got) {
                              const auto core = weak.lock();
                              if (!core || error || !core->on_line_) return;
                              core->take_output(std::string_view(core->chunk_.data(), got));
                              core->read_output();
                            });
  }

  void take_output(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto part = text.substr(0, end);
      const auto room = kMaxLine - partial_line_.size();
      partial_line_ += part.substr(0, room);
      line_cut_ = line_cut_ || part.size() > room;
      if (end == std::string_view::npos) return;
      if (std::exchange(line_cut_, false)) limit_hit(Limit::command_output);
      if (const auto on_line = on_line_; on_line && !partial_line_.empty()) on_line(partial_line_);
      partial_line_.clear();
      text.remove_prefix(end + 1);
    }
  }

  static constexpr std::size_t kMaxLine = 4096;

  asio::posix::stream_descriptor ended_;
  asio::posix::stream_descriptor output_;
  std::array<char, 1024> chunk_;
  std::string partial_line_;
  bool line_cut_ = false;
  OnLine on_line_;
  const pid_t pid_;
  const bool ours_;
  bool running_ = true;
  std::optional<Followed> followed_;  // until it was reaped or let go
  OnExit on_exit_;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(asio::io_context& io, const std::vector<std::string>& argv,
                                                          OnExit on_exit, OnLine on_line) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::string("cannot make a pipe: ") + std::strerror(errno));
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);  // of the child's end: it must not wait for us
  const auto spawned = spawn(argv, {}, ends[1], true);
  ::close(ends[1]);
  if (spawned.error != 0) {
    ::close(ends[0]);
    return fail("cannot start " + (argv.empty() ? std::string("a program without a name") : argv[0]) + ": " +
                std::strerror(spawned.error));
  }
  auto core = std::make_shared<Core>(io, spawned.pid, spawned.pidfd, true, std::move(on_exit));
  core->watch();
  core->follow_output(ends[0], std::move(on_line));
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(core)));
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::adopt(asio::io_context& io, pid_t pid, OnExit on_exit) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return fail("cannot follow process " + std::to_string(pid) + ": " + std::strerror(errno));
  auto core = std::make_shared<Core>(io, pid, pidfd, false, std::move(on_exit));
  core->watch();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(core)));
}

ChildProcess::ChildProcess(std::shared_ptr<Core> core) : core_(std::move(core)) {}

ChildProcess::~ChildProcess() {
  core_->let_go();
}

pid_t ChildProcess::pid() const {
  return core_->pid();
}

bool ChildProcess::running() const {
  return core_->running();
}

void ChildProcess::signal(int number) {
  core_->signal(number);
}

void ChildProcess::signal_group(int number) {
  core_->signal_group(number);
}

}  // namespace common
