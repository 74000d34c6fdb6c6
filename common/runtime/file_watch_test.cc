#include "common/runtime/file_watch.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

#include <gtest/gtest.h>

namespace common {
namespace {

using std::chrono::milliseconds;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() : directory(testing::TempDir() + "file-watch-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory);
  }
  ~FileWatchTest() override { std::filesystem::remove_all(directory); }

  void write(const std::string& name) { std::ofstream(directory + "/" + name) << "text"; }
  bool told_within(milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    const int before = told;
    while (told == before && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(10));
    return told > before;
  }

  std::string directory;
  boost::asio::io_context io;
  int told = 0;
  FileWatch watch{io, milliseconds(20), [this] { ++told; }};
};

TEST_F(FileWatchTest, TellsOfANewAChangedAndARemovedFile) {
  ASSERT_TRUE(watch.watch({directory}));
  EXPECT_TRUE(told_within(milliseconds(5000))) << "at first";
  write("a.yml");
  EXPECT_TRUE(told_within(milliseconds(5000)));
  write("a.yml");
  EXPECT_TRUE(told_within(milliseconds(5000)));
  std::filesystem::rename(directory + "/a.yml", directory + "/b.yml");
  EXPECT_TRUE(told_within(milliseconds(5000)));
  std::filesystem::remove(directory + "/b.yml");
  EXPECT_TRUE(told_within(milliseconds(5000)));
}

TEST_F(FileWatchTest, TellsManyChangesAtOnce) {
  ASSERT_TRUE(watch.watch({directory}));
  for (int i = 0; i < 50; ++i) write(std::to_string(i));
  EXPECT_TRUE(told_within(milliseconds(5000)));
  EXPECT_FALSE(told_within(milliseconds(100)));
}

TEST_F(FileWatchTest, SaysWhichDirectoryIsNotThere) {
  const auto watched = watch.watch({directory + "/no", directory});
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().message, "cannot follow " + directory + "/no: No such file or directory");
  EXPECT_TRUE(told_within(milliseconds(5000))) << "at first";
  write("a");
  EXPECT_TRUE(told_within(milliseconds(5000))) << "the other one is followed";
}

TEST_F(FileWatchTest, TwoOfOneDirectoryAreToldEach) {
  int other_told = 0;
  auto other = std::make_unique<FileWatch>(io, milliseconds(20), [&other_told] { ++other_told; });
  const auto other_told_times = [&](int times) {
    for (int i = 0; i < 500 && other_told < times; ++i) io.run_one_for(milliseconds(10));
  };
  ASSERT_TRUE(watch.watch({directory}));
  ASSERT_TRUE(other->watch({directory}));
  EXPECT_TRUE(told_within(milliseconds(5000))) << "at first";
  other_told_times(1);  // before the next change, which would be told together with this one
  write("a");
  EXPECT_TRUE(told_within(milliseconds(5000)));
  other_told_times(2);
  EXPECT_EQ(other_told, 2);
  other.reset();
  write("b");
  EXPECT_TRUE(told_within(milliseconds(5000))) << "the one that is left";
  EXPECT_EQ(other_told, 2);
}

TEST_F(FileWatchTest, AllOfALoopShareOneInstance) {
  const auto instances = [] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      count += std::filesystem::read_symlink(entry, gone) == "anon_inode:inotify";
    }
    return count;
  };
  const int before = instances();
  ASSERT_TRUE(watch.watch({directory}));
  FileWatch other(io, milliseconds(20), [] {});
  ASSERT_TRUE(other.watch({testing::TempDir()}));
  EXPECT_EQ(instances(), before + 1);
}

TEST_F(FileWatchTest, ForgetsTheDirectoriesOfBefore) {
  ASSERT_TRUE(watch.watch({directory}));
  ASSERT_TRUE(watch.watch({}));
  EXPECT_TRUE(told_within(milliseconds(5000))) << "at first";
  write("a");
  EXPECT_FALSE(told_within(milliseconds(100)));
}

}  // namespace
}  // namespace common
