#include "common/process/spawn.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace common {
namespace {

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) entries.push_back(text);
  }
  for (const auto& [name, value] : added) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Children belong to the process as a whole, so who follows them is known to all of it.
std::multiset<pid_t>& followed() {
  static std::multiset<pid_t> pids;
  return pids;
}

}  // namespace

Followed::Followed(pid_t pid) : pid_(pid) {
  followed().insert(pid);
}

Followed::~Followed() {
  followed().erase(followed().find(pid_));
}

bool Followed::is(pid_t pid) {
  return followed().contains(pid);
}

Spawned spawn(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment, int output,
              bool keep_sigpipe) {
  if (argv.empty()) return {.error = EINVAL};
  auto arguments = argv;
  auto entries = merged_environment(environment);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_adddup2(&files, output, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  if (keep_sigpipe) sigdelset(&all, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  Spawned spawned;
  spawned.error = posix_spawnp(&spawned.pid, arguments[0].c_str(), &files, &attributes, pointers(arguments).data(),
                               pointers(entries).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (spawned.error != 0) return spawned;

  spawned.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0));
  if (spawned.pidfd < 0) {
    spawned.error = errno;
    ::kill(-spawned.pid, SIGKILL);
    ::waitpid(spawned.pid, nullptr, 0);
  }
  return spawned;
}

Ended reap(int pidfd) {
  siginfo_t status{};
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &status, WEXITED | WNOHANG) != 0 ||
      status.si_pid == 0) {
    return {};
  }
  return {.known = true, .signalled = status.si_code != CLD_EXITED, .code = status.si_status};
}

}  // namespace common
