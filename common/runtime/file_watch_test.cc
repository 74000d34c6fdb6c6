#include "common/runtime/file_watch.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
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

TEST_F(FileWatchTest, ForgetsTheDirectoriesOfBefore) {
  ASSERT_TRUE(watch.watch({directory}));
  ASSERT_TRUE(watch.watch({}));
  EXPECT_TRUE(told_within(milliseconds(5000))) << "at first";
  write("a");
  EXPECT_FALSE(told_within(milliseconds(100)));
}

}  // namespace
}  // namespace common
