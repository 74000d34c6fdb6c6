// A process that is watched: either started by us, or found running and adopted (a child of an earlier life of this
// program). Built on pidfd, so both are followed in the same way. Needs Linux 5.3. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/result.h"

namespace common {

class ChildProcess {
 public:
  // "exit status 1", "killed by signal 9", or "gone" for an adopted process, whose status belongs to another parent.
  using OnExit = std::function<void(const std::string& how)>;

  // A line that it wrote on stdout or stderr.
  using OnLine = std::function<void(const std::string& line)>;

  // In its own process group; stdin is /dev/null, SIGPIPE is ignored, no descriptor of ours is inherited. It never
  // waits for us to read what it writes: what does not fit into the pipe is lost, as is everything once we are gone.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(boost::asio::io_context& io,
                                                                   const std::vector<std::string>& argv, OnExit on_exit,
                                                                   OnLine on_line);
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> adopt(boost::asio::io_context& io, pid_t pid,
                                                                   OnExit on_exit);
  // Lets go: the process runs on.
  ~ChildProcess();

  pid_t pid() const;
  bool running() const;
  void signal(int number);        // through the pidfd: never reaches a stranger with a reused pid
  void signal_group(int number);  // the process and what it started; only of a process that we started

 private:
  class Core;
  explicit ChildProcess(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace common
