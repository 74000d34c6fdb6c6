#include "synapse/watch/file_watcher.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class FileWatcherTest : public testing::Test {
 protected:
  FileWatcherTest() : root(testing::TempDir() + "file-watcher-" + std::to_string(::getpid())), path(root + "/web.yml") {
    fs::create_directories(root);
  }
  ~FileWatcherTest() override { fs::remove_all(root); }

  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
  // The hosts of a snapshot.
  static std::string shown(const std::vector<Record>& records) {
    std::string text;
    for (const auto& record : records) {
      text += (text.empty() ? "" : " ") +
              (record.registration ? record.registration->host : record.registration.error().message);
    }
    return text;
  }
  // Well before the watcher would look by itself.
  bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(10));
    }
    return condition();
  }
  bool eventually_says(const std::string& hosts) {
    return eventually([&] { return !snapshots.empty() && snapshots.back() == hosts; });
  }
  void settle() {
    const auto end = std::chrono::steady_clock::now() + milliseconds(200);
    while (std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(10));
    }
  }
  std::unique_ptr<FileWatcher> make() {
    return std::make_unique<FileWatcher>(
        io, path,
        WatcherEvents{.on_snapshot = [this](const auto& records) { snapshots.push_back(shown(records)); },
                      .on_failed = [this](const auto& error) { failures.push_back(error); },
                      .on_recovered = [this] { ++recoveries; }});
  }

  const std::string root;
  const std::string path;
  boost::asio::io_context io;
  std::vector<std::string> snapshots;
  std::vector<std::string> failures;
  int recoveries = 0;
};

TEST_F(FileWatcherTest, FollowsAFileThatIsWrittenInPlaceAndOneThatIsReplaced) {
  write(path, "- 10.0.0.1:80\n");
  const auto watcher = make();
  EXPECT_EQ(watcher->confirmed(), std::chrono::steady_clock::time_point{});
  EXPECT_TRUE(eventually_says("10.0.0.1"));
  EXPECT_NE(watcher->confirmed(), std::chrono::steady_clock::time_point{});
  write(path, R"([{"host": "10.0.0.2", "port": 80}, "10.0.0.3:80"])");
  EXPECT_TRUE(eventually_says("10.0.0.2 10.0.0.3"));
  write(root + "/new", "[]");
  fs::rename(root + "/new", path);
  EXPECT_TRUE(eventually_says(""));
  EXPECT_THAT(failures, IsEmpty());
}

TEST_F(FileWatcherTest, WhatDoesNotChangeIsToldOnce) {
  write(path, "[10.0.0.1:80]");
  const auto watcher = make();
  ASSERT_TRUE(eventually_says("10.0.0.1"));
  const auto confirmed = watcher->confirmed();
  write(root + "/neighbour", "x");
  EXPECT_TRUE(eventually([&] { return watcher->confirmed() > confirmed; }));
  settle();
  EXPECT_THAT(snapshots, ElementsAre("10.0.0.1"));
}

TEST_F(FileWatcherTest, AFileThatIsNotThereYetIsAwaited) {
  fs::remove_all(root);
  const auto watcher = make();
  EXPECT_TRUE(eventually([this] { return !failures.empty(); }));
  EXPECT_EQ(failures[0], "cannot read " + path + ": No such file or directory");
  EXPECT_THAT(snapshots, IsEmpty()) << "unknown is not empty";
  fs::create_directories(root);
  write(path, "[10.0.0.1:80]");
  EXPECT_TRUE(eventually_says("10.0.0.1"));
  EXPECT_EQ(recoveries, 1);
}

TEST_F(FileWatcherTest, ABadFileChangesNothingAndSaysWhere) {
  write(path, "- 10.0.0.1:80\n");
  const auto watcher = make();
  ASSERT_TRUE(eventually_says("10.0.0.1"));
  write(path, "- 10.0.0.1:80\n- [\n");
  EXPECT_TRUE(eventually([this] { return !failures.empty(); }));
  EXPECT_THAT(failures[0], testing::StartsWith(path + ":3: "));
  failures.clear();
  write(path, "");
  EXPECT_TRUE(eventually([this] { return !failures.empty(); }));
  EXPECT_EQ(failures[0], path + ":1: must be a list, got nothing");
  failures.clear();
  fs::remove(path);
  EXPECT_TRUE(eventually([this] { return !failures.empty(); }));
  EXPECT_EQ(snapshots.size(), 1u);
  write(path, "- 10.0.0.2:80\n- 10.0.0.3:0\n");
  EXPECT_TRUE(eventually([this] { return snapshots.size() == 2; }));
  EXPECT_THAT(snapshots[1], testing::StartsWith("10.0.0.2 " + path + ":2: [1]: must be host:port"));
  EXPECT_EQ(recoveries, 1);
}

// As Kubernetes changes what it has mounted.
TEST_F(FileWatcherTest, FollowsALinkThatIsSwapped) {
  for (const auto* version : {"1", "2"}) {
    fs::create_directories(root + "/.." + version);
    write(root + "/.." + version + "/web.yml", "[10.0.0." + std::string(version) + ":80]");
  }
  fs::create_symlink("..1", root + "/..data");
  fs::create_symlink("..data/web.yml", path);
  const auto watcher = make();
  ASSERT_TRUE(eventually_says("10.0.0.1"));
  fs::create_symlink("..2", root + "/..new");
  fs::rename(root + "/..new", root + "/..data");
  fs::remove_all(root + "/..1");
  EXPECT_TRUE(eventually_says("10.0.0.2"));
  write(root + "/..2/web.yml", "[10.0.0.3:80]");
  EXPECT_TRUE(eventually_says("10.0.0.3"));
}

TEST_F(FileWatcherTest, EndsQuietly) {
  write(path, "[10.0.0.1:80]");
  make().reset();
  settle();
  EXPECT_THAT(snapshots, IsEmpty());
}

}  // namespace
}  // namespace synapse
