// Starting a program without inheriting anything of ours. Used by Command and ChildProcess.
#pragma once

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace common {

struct Spawned {
  int error = 0;  // errno; 0 when it runs
  pid_t pid = -1;
  int pidfd = -1;  // becomes readable when the process ends; the caller closes it
};

// Its own process group, stdin from /dev/null, default signal handling, no descriptor above 2. `output` replaces stdout
// and stderr unless it is -1. argv[0] is looked up in PATH.
Spawned spawn(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment, int output,
              bool keep_sigpipe = false);

// For as long as one lives, the child with this number is reaped by its owner and by nobody else. The owner lets go of
// it as soon as it has reaped the child, because the number may then be another one's. Loop thread only.
class Followed {
 public:
  explicit Followed(pid_t pid);
  ~Followed();
  Followed(const Followed&) = delete;
  Followed& operator=(const Followed&) = delete;

  static bool is(pid_t pid);

 private:
  const pid_t pid_;
};

// What waitid() says of a process that has ended, which is thereby reaped.
struct Ended {
  bool known = false;  // false: not our child
  bool signalled = false;
  int code = 0;  // exit status, or the signal
};
Ended reap(int pidfd);

}  // namespace common
