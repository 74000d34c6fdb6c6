#include "common/process/child_process.h"

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "common/limits/limits.h"

namespace common {
namespace {

TEST(ChildProcess, TellsHowItEnded) {
  boost::asio::io_context io;
  std::string how;
  const auto child = ChildProcess::start(io, {"sh", "-c", "exit 7"}, [&](const std::string& end) { how = end; }, {});
  ASSERT_TRUE(child.has_value());
  io.run();
  EXPECT_EQ(how, "exit status 7");
  EXPECT_FALSE((*child)->running());
}

TEST(ChildProcess, GivesItsLinesAndNeverMakesItWait) {
  boost::asio::io_context io;
  std::vector<std::string> lines;
  std::string how;
  const auto child = ChildProcess::start(
      io, {"sh", "-c", "echo one; echo two >&2; head -c 1000000 /dev/zero 2>/dev/null; exit 3"},
      [&](const std::string& end) { how = end; }, [&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(child.has_value());
  // It writes far more than a pipe holds before anybody reads.
  while (::waitid(P_PID, static_cast<id_t>((*child)->pid()), nullptr, WEXITED | WNOWAIT) != 0) {
  }
  io.run();
  EXPECT_EQ(how, "exit status 3");
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines[0], "one");
  EXPECT_EQ(lines[1], "two");
}

TEST(ChildProcess, DropsTheEndOfALongLineAndCountsIt) {
  boost::asio::io_context io;
  std::vector<std::string> lines;
  const auto hits = limit_hits(Limit::command_output);
  const auto child = ChildProcess::start(
      io, {"sh", "-c", "printf '%04096d\\n' 1; printf '%010000d' 2; sleep 0.1; printf 'end\\n'; echo next"}, {},
      [&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(child.has_value());
  io.run();
  const std::vector<std::string> wanted{std::string(4095, '0') + "1", std::string(4096, '0'), "next"};
  EXPECT_EQ(lines, wanted);
  EXPECT_EQ(limit_hits(Limit::command_output), hits + 1);
}

TEST(ChildProcess, TakesSignals) {
  boost::asio::io_context io;
  std::string how;
  const auto child = ChildProcess::start(io, {"sleep", "1000"}, [&](const std::string& end) { how = end; }, {});
  ASSERT_TRUE(child.has_value());
  (*child)->signal(SIGTERM);
  io.run();
  EXPECT_EQ(how, "killed by signal 15");
}

TEST(ChildProcess, FollowsAProcessThatItDidNotStart) {
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    ::pause();
    ::_exit(0);
  }
  boost::asio::io_context io;
  std::string how;
  const auto adopted = ChildProcess::adopt(io, stranger, [&](const std::string& end) { how = end; });
  ASSERT_TRUE(adopted.has_value());
  EXPECT_TRUE((*adopted)->running());
  (*adopted)->signal(SIGKILL);
  io.run();
  EXPECT_FALSE(how.empty());
}

TEST(ChildProcess, SaysWhyItCannotStartOrFollow) {
  boost::asio::io_context io;
  const auto child = ChildProcess::start(io, {"/nowhere/at/all"}, {}, {});
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().message, "cannot start /nowhere/at/all: No such file or directory");
  const auto adopted = ChildProcess::adopt(io, 0x3fffffff, {});
  ASSERT_FALSE(adopted.has_value());
  EXPECT_EQ(adopted.error().message, "cannot follow process 1073741823: No such process");
}

TEST(ChildProcess, LettingGoLeavesItRunning) {
  boost::asio::io_context io;
  auto child = ChildProcess::start(io, {"sleep", "1000"}, {}, {});
  ASSERT_TRUE(child.has_value());
  const pid_t pid = (*child)->pid();
  child->reset();
  io.run();
  EXPECT_EQ(::kill(pid, 0), 0);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

}  // namespace
}  // namespace common
