#include "common/runtime/service_manager.h"

#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

std::string taken_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

}  // namespace

ServiceManager::ServiceManager(boost::asio::io_context& io, std::function<bool()> healthy)
    : socket_(taken_from_environment("NOTIFY_SOCKET")),
      healthy_(std::move(healthy)),
      next_beat_(io, [this] { beat(); }) {
  const auto pid = taken_from_environment("WATCHDOG_PID");
  const auto interval = taken_from_environment("WATCHDOG_USEC");
  if (pid.empty() || pid == std::to_string(::getpid())) {
    watchdog_ = std::chrono::microseconds(std::strtoll(interval.c_str(), nullptr, 10));
  }
}

void ServiceManager::ready() {
  tell("READY=1");
  beat();
}

void ServiceManager::stopping(std::chrono::microseconds at_most) {
  stopping_ = true;
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(at_most.count()));
}

// Three times as often as needed: one that comes late is no fault yet. At the end the time that it may take counts
// alone.
void ServiceManager::beat() {
  if (watchdog_.count() <= 0) return;
  if (stopping_ || healthy_()) tell("WATCHDOG=1");
  next_beat_.set(Alarm::Clock::now() + watchdog_ / 3);
}

void ServiceManager::tell(std::string_view words) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  (void)::sendto(fd, words.data(), words.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), length);
  ::close(fd);
}

}  // namespace common
