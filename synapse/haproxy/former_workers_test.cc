#include "synapse/haproxy/former_workers.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace synapse::haproxy {
namespace {

// A process that is called haproxy and does nothing.
class Worker {
 public:
  explicit Worker(const std::string& path) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(path.c_str(), path.c_str(), "60", nullptr);
      ::_exit(127);
    }
    const std::string stat = "/proc/" + std::to_string(pid_) + "/stat";
    for (int i = 0; i < 500; ++i) {
      const auto text = common::read_file(stat);
      if (text && text->find("(haproxy)") != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no process";
  }
  ~Worker() { end(); }

  void end() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = 0;
  }
  int pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(FormerWorkers, AreCountedForAsLongAsTheyRun) {
  std::string directory = testing::TempDir() + "/former-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const auto path = directory + "/haproxy";
  std::filesystem::copy_file("/bin/sleep", path);
  Worker one(path), two(path), three(path);
  FormerWorkers former;
  EXPECT_EQ(former.count(), std::nullopt);
  former.now(one.pid());
  EXPECT_EQ(former.count(), 0u);
  former.now(two.pid());
  former.now(two.pid());
  former.now(three.pid());
  EXPECT_EQ(former.count(), 2u);
  one.end();
  EXPECT_EQ(former.count(), 1u);
  two.end();
  EXPECT_EQ(former.count(), 0u);
  std::filesystem::remove_all(directory);
}

TEST(FormerWorkers, NothingIsKnownOfProcessesThatCannotBeSeen) {
  FormerWorkers former;
  former.now(::getpid());  // not an HAProxy, as a number of another container's may be
  EXPECT_EQ(former.count(), std::nullopt);
  former.now(1);
  EXPECT_EQ(former.count(), std::nullopt);
}

}  // namespace
}  // namespace synapse::haproxy
