#include "common/process/orphan_reaper.h"

#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/process/spawn.h"

namespace common {
namespace {

// For the owner of a child that has ended to reap it.
constexpr std::chrono::milliseconds kLookAgainAfter{100};
constexpr int kMostAtOnce = 256;

bool orphans_come_to_us() {
  int subreaper = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0) == 0 && subreaper != 0);
}

}  // namespace

OrphanReaper::OrphanReaper(boost::asio::io_context& io)
    : child_ended_(io), look_again_(io, [this] { reap_orphans(); }) {
  if (!orphans_come_to_us()) return;
  child_ended_.add(SIGCHLD);
  wait();
  look_again_.set(Alarm::Clock::now());  // for those that came before we listened
}

void OrphanReaper::wait() {
  child_ended_.async_wait([this](const boost::system::error_code& cancelled, int) {
    if (cancelled) return;
    reap_orphans();
    wait();
  });
}

void OrphanReaper::reap_orphans() {
  for (int looked = 0; looked < kMostAtOnce; ++looked) {
    siginfo_t child{};
    if (::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) != 0 || child.si_pid == 0) return;
    // The kernel shows the same one until it is reaped, and there may be others behind it.
    if (Followed::is(child.si_pid)) break;
    ::waitid(P_PID, static_cast<id_t>(child.si_pid), &child, WEXITED | WNOHANG);
  }
  look_again_.set(Alarm::Clock::now() + kLookAgainAfter);
}

}  // namespace common
