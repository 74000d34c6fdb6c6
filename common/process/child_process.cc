#include "common/process/child_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/process/spawn.h"

namespace common {

namespace asio = boost::asio;

class ChildProcess::Core : public std::enable_shared_from_this<ChildProcess::Core> {
 public:
  Core(asio::io_context& io, pid_t pid, int pidfd, bool ours, OnExit on_exit)
      : ended_(io, pidfd), pid_(pid), ours_(ours), on_exit_(std::move(on_exit)) {}

  void watch() {
    ended_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& stopped) {
                        const auto core = weak.lock();
                        if (core && !stopped) core->exited();
                      });
  }

  void let_go() {
    on_exit_ = nullptr;
    ended_.cancel();
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
    std::string how = "gone";
    if (end.known) how = (end.signalled ? "killed by signal " : "exit status ") + std::to_string(end.code);
    if (const auto on_exit = std::exchange(on_exit_, nullptr)) on_exit(how);
  }

  asio::posix::stream_descriptor ended_;
  const pid_t pid_;
  const bool ours_;
  bool running_ = true;
  OnExit on_exit_;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(asio::io_context& io, const std::vector<std::string>& argv,
                                                          OnExit on_exit) {
  const auto spawned = spawn(argv, {}, -1);
  if (spawned.error != 0) {
    return fail("cannot start " + (argv.empty() ? std::string("a program without a name") : argv[0]) + ": " +
                std::strerror(spawned.error));
  }
  auto core = std::make_shared<Core>(io, spawned.pid, spawned.pidfd, true, std::move(on_exit));
  core->watch();
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
