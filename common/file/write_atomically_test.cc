#include "common/file/write_atomically.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/limits/limits.h"

namespace common {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

// Each test in a directory of its own.
class WriteAtomically : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "write_atomically.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename());
    return names;
  }
  static mode_t mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  std::string directory_;
};

TEST_F(WriteAtomically, WritesANewFile) {
  const std::string content = std::string("a\0b\n", 4) + std::string(100'000, 'x');
  ASSERT_TRUE(write_atomically(path("f"), content).has_value());
  EXPECT_EQ(*read_file(path("f")), content);
  EXPECT_THAT(files(), ElementsAre("f"));
}

TEST_F(WriteAtomically, GivesTheModeWhateverTheUmaskIs) {
  const mode_t before = ::umask(077);
  ASSERT_TRUE(write_atomically(path("open"), "x").has_value());
  ASSERT_TRUE(write_atomically(path("secret"), "x", 0600).has_value());
  ::umask(before);
  EXPECT_EQ(mode_of(path("open")), 0644u);
  EXPECT_EQ(mode_of(path("secret")), 0600u);
}

TEST_F(WriteAtomically, ReplacesTheFileInsteadOfWritingIntoIt) {
  ASSERT_TRUE(write_atomically(path("f"), "old").has_value());
  std::ifstream reader(path("f"));
  ASSERT_TRUE(write_atomically(path("f"), "new and longer").has_value());
  std::string seen;
  std::getline(reader, seen);
  EXPECT_EQ(seen, "old");
  EXPECT_EQ(*read_file(path("f")), "new and longer");
  EXPECT_THAT(files(), ElementsAre("f"));
}

TEST_F(WriteAtomically, LeavesEverythingAsItWasWhenItCannotReplace) {
  // A directory that is not empty stands where the file should go.
  fs::create_directory(path("f"));
  ASSERT_TRUE(write_atomically(path("f/inside"), "kept").has_value());
  const auto result = write_atomically(path("f"), "new");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "cannot replace " + path("f") + ": Is a directory");
  EXPECT_EQ(*read_file(path("f/inside")), "kept");
  EXPECT_THAT(files(), ElementsAre("f"));
}

TEST_F(WriteAtomically, LeavesTheOldContentWhenTheDiskIsFull) {
  ASSERT_TRUE(write_atomically(path("f"), "old").has_value());
  // Stands in for a full disk: the process may not write large files.
  struct rlimit limit {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = limit;
  small.rlim_cur = 1000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto result = write_atomically(path("f"), std::string(5000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "cannot write " + path("f") + ": File too large");
  EXPECT_EQ(*read_file(path("f")), "old");
  EXPECT_THAT(files(), ElementsAre("f"));
}

TEST_F(WriteAtomically, SaysThatTheDirectoryIsMissing) {
  const auto result = write_atomically(path("no/f"), "x");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message,
            "cannot create a temporary file beside " + path("no/f") + ": No such file or directory");
}

TEST_F(WriteAtomically, SaysThatTheDirectoryIsNotOurs) {
  // Permissions do not hold root back; /proc does.
  const bool root = ::geteuid() == 0;
  if (!root) {
    ASSERT_EQ(::chmod(directory_.c_str(), 0500), 0);
  }
  const std::string target = root ? "/proc/write_atomically" : path("f");
  const auto result = write_atomically(target, "x");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "cannot create a temporary file beside " + target + ": " +
                                        (root ? "No such file or directory" : "Permission denied"));
  if (!root) {
    ASSERT_EQ(::chmod(directory_.c_str(), 0700), 0);
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(WriteAtomically, TwoFilesSideBySide) {
  ASSERT_TRUE(write_atomically(path("a"), "1").has_value());
  ASSERT_TRUE(write_atomically(path("b"), "2").has_value());
  EXPECT_THAT(files(), UnorderedElementsAre("a", "b"));
}

TEST_F(WriteAtomically, WhatAKilledWriterLeftIsRemovedAndNothingElse) {
  const std::vector<std::string> others{
      "f", "f.behind", "f.backup", "f.unfinished-12345", "f.unfinished-1234567", "g.unfinished-123456"};
  for (const auto& name : others) ASSERT_TRUE(write_atomically(path(name), "kept").has_value());
  std::ofstream(path("f.unfinished-aB3dEf")) << "half";
  fs::create_directory(path("f.unfinished-direct"));
  remove_unfinished(path("f"));
  auto left = others;
  left.emplace_back("f.unfinished-direct");
  EXPECT_THAT(files(), UnorderedElementsAreArray(left));
  remove_unfinished(path("not/there"));
}

using ReadFile = WriteAtomically;

TEST_F(ReadFile, NamesTheReason) {
  EXPECT_EQ(read_file(path("no")).error().message, "cannot open " + path("no") + ": No such file or directory");
  EXPECT_EQ(read_file(directory_).error().message, "cannot read " + directory_ + ": Is a directory");
}

TEST_F(ReadFile, IsBounded) {
  ASSERT_TRUE(write_atomically(path("f"), "12345").has_value());
  EXPECT_EQ(*read_file(path("f"), 5), "12345");
  const auto hits = limit_hits(Limit::file_bytes);
  EXPECT_EQ(read_file(path("f"), 4).error().message, path("f") + ": larger than 4 bytes");
  EXPECT_EQ(limit_hits(Limit::file_bytes), hits + 1);
}

TEST_F(ReadFile, ReadsAnEmptyFile) {
  ASSERT_TRUE(write_atomically(path("f"), "").has_value());
  EXPECT_EQ(*read_file(path("f")), "");
}

}  // namespace
}  // namespace common
