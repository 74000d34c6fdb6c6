#include "common/file/file_lock.h"

#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace common {
namespace {

namespace fs = std::filesystem;

class Locks : public testing::Test {
 protected:
  Locks() : directory(testing::TempDir() + "locks-" + std::to_string(::getpid())), path(directory + "/a.lock") {
    fs::create_directories(directory);
  }
  ~Locks() override { fs::remove_all(directory); }
  const std::string directory;
  const std::string path;
};

TEST_F(Locks, BelongToOne) {
  auto first = FileLock::claim(path);
  ASSERT_TRUE(first && *first);
  const auto second = FileLock::claim(path);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, nullptr);
  first->reset();
  const auto third = FileLock::claim(path);
  ASSERT_TRUE(third);
  EXPECT_NE(*third, nullptr);
}

TEST_F(Locks, GoWithTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::claim(path);
    ::_exit(held && *held ? 0 : 1);  // no destructor runs
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto next = FileLock::claim(path);
  ASSERT_TRUE(next);
  EXPECT_NE(*next, nullptr);
}

// Of a process that is killed just when it starts another program.
TEST_F(Locks, AreWaitedForWhileAChildOfTheDeadStillHasThem) {
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto held = FileLock::claim(path);
    if (::fork() == 0) {
      char byte = 0;
      if (::read(go[0], &byte, 1) == 1) ::usleep(50'000);
    }
    ::_exit(held && *held ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(owner, &status, 0), owner);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  auto next = FileLock::claim(path);
  // The child's 50 ms may take longer.
  for (int more = 0; more < 20 && next && *next == nullptr; ++more) next = FileLock::claim(path);
  ASSERT_TRUE(next);
  EXPECT_NE(*next, nullptr);
  ::close(go[0]);
  ::close(go[1]);
}

TEST_F(Locks, NeedNoRightToWriteWhereTheFileIsThere) {
  ASSERT_TRUE(FileLock::claim(path));
  fs::permissions(path, fs::perms::owner_read);
  const auto held = FileLock::claim(path);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_NE(*held, nullptr);
}

TEST_F(Locks, SayWhyTheyCannotBeHad) {
  const auto held = FileLock::claim(directory + "/not/there.lock");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().message, "cannot open " + directory + "/not/there.lock: No such file or directory");
}

}  // namespace
}  // namespace common
