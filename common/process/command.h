// Runs a program to its end: own process group, deadline, output captured up to a bound, no zombie left, no descriptor
// of ours inherited. Needs Linux 5.3 (pidfd).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace common {

struct CommandOptions {
  std::vector<std::string> argv;                   // argv[0] is looked up in PATH
  std::chrono::milliseconds timeout{1000};         // then the whole process group is killed
  std::map<std::string, std::string> environment;  // added to ours
  std::size_t max_output = 4096;                   // of stdout and stderr together; the rest is read and dropped
};

struct CommandResult {
  enum class End { exited, signalled, timed_out, not_started };
  End end = End::not_started;
  int code = 0;  // exit status, signal number, or errno of the start
  std::string output;

  bool ok() const { return end == End::exited && code == 0; }
  // "exit status 2: output", "timed out after 1000 ms: output", "cannot start: No such file or directory"
  std::string describe() const;
};

// Cancellation kills the group too.
boost::asio::awaitable<CommandResult> run_command(CommandOptions options);

}  // namespace common
