#include "common/process/orphan_reaper.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/process/child_process.h"
#include "common/process/command.h"
#include "common/runtime/task_group.h"

namespace common {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Whether a child of ours has ended and was not reaped.
bool has_zombie() {
  siginfo_t child{};
  return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid != 0;
}

bool has_children() {
  siginfo_t child{};
  return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

class OrphanReaperTest : public testing::Test {
 protected:
  ~OrphanReaperTest() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }

  // As for the first process of a container.
  static void let_orphans_come() { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0); }

  template <class Condition>
  bool happens(Condition condition) {
    const auto end = steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && steady_clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(5));
    }
    return condition();
  }

  // Leaves a process behind, which is killed with its group.
  void run_a_command_that_leaves_an_orphan() {
    tasks.spawn("command", run({.argv = {"sh", "-c", "sleep 1000 & exit 3"}, .timeout = std::chrono::seconds(10)}));
  }

  boost::asio::io_context io;
  TaskGroup tasks{io};
  std::vector<std::string> ends;

 private:
  boost::asio::awaitable<void> run(CommandOptions options) {
    const auto result = co_await run_command(std::move(options));
    ends.push_back(result.describe());
  }
};

TEST_F(OrphanReaperTest, ReapsWhatCommandsLeaveBehind) {
  let_orphans_come();
  const OrphanReaper reaper(io);
  for (int i = 0; i < 10; ++i) run_a_command_that_leaves_an_orphan();
  EXPECT_TRUE(happens([&] { return ends.size() == 10 && !has_children(); }));
  EXPECT_EQ(ends, std::vector<std::string>(10, "exit status 3"));
}

TEST_F(OrphanReaperTest, ReapsOrphansOfBeforeItsTime) {
  let_orphans_come();
  run_a_command_that_leaves_an_orphan();
  ASSERT_TRUE(happens([&] { return ends.size() == 1 && has_zombie(); }));
  const OrphanReaper reaper(io);
  EXPECT_TRUE(happens([] { return !has_children(); }));
}

TEST_F(OrphanReaperTest, LeavesAChildToWhoFollowsIt) {
  let_orphans_come();
  const OrphanReaper reaper(io);
  std::string how;
  const auto child = ChildProcess::start(io, {"sh", "-c", "exit 7"}, [&](const std::string& end) { how = end; }, {});
  ASSERT_TRUE(child.has_value());
  while (!has_zombie()) ::usleep(1000);
  run_a_command_that_leaves_an_orphan();
  EXPECT_TRUE(happens([&] { return !how.empty() && ends.size() == 1 && !has_children(); }));
  EXPECT_EQ(how, "exit status 7");
}

TEST_F(OrphanReaperTest, ReapsAChildThatWasLetGo) {
  let_orphans_come();
  const OrphanReaper reaper(io);
  auto child = ChildProcess::start(io, {"sleep", "1000"}, {}, {});
  ASSERT_TRUE(child.has_value());
  const pid_t pid = (*child)->pid();
  child->reset();
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(happens([] { return !has_children(); }));
}

TEST_F(OrphanReaperTest, DoesNothingWhereOrphansGoElsewhere) {
  const OrphanReaper reaper(io);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_TRUE(happens(has_zombie));
  io.restart();
  io.run_for(milliseconds(50));
  EXPECT_TRUE(has_zombie());
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

}  // namespace
}  // namespace common
