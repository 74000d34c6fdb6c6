#include "synapse/saved_records.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

RoutedServer server(const std::string& name) {
  return {.registered_name = name, .host = "10.0.0.1", .port = 80, .labels = {}, .child = name};
}

class SavedRecordsTest : public testing::Test {
 protected:
  SavedRecordsTest() {
    char name[] = "/tmp/saved_records_XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~SavedRecordsTest() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) names.push_back(entry.path().filename());
    return names;
  }

  void flush(SavedRecords& saved) {
    saved.flush();
    boost::asio::co_spawn(io_, saved.flushed(), [this](const std::exception_ptr&) { io_.stop(); });
    io_.restart();
    io_.run_for(std::chrono::seconds(30));
  }

  static SavedRecords::Servers gives(const std::vector<RoutedServer>& servers) {
    return [&servers] { return std::optional(servers); };
  }

  std::string directory_;
  boost::asio::io_context io_;
  common::Metrics metrics_;
  Events events_{metrics_};
};

TEST_F(SavedRecordsTest, WritesWhatAServiceHasWhenItIsTime) {
  SavedRecords saved(io_, directory_, events_);
  std::vector<RoutedServer> servers{server("old")};
  saved.changed("web.json", "web", gives(servers));
  servers = {server("new")};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!std::filesystem::exists(directory_ + "/web.json") && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(std::chrono::seconds(1));
  }
  const auto loaded = saved.load("web.json");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->records.front().registration->name, "new");
}

TEST_F(SavedRecordsTest, TriesAgainWhatCouldNotBeWritten) {
  std::filesystem::remove_all(directory_);
  ASSERT_TRUE(common::write_atomically(directory_, "a file stands where the directory should be"));
  SavedRecords saved(io_, directory_, events_);
  const std::vector<RoutedServer> servers{server("a")};
  bool asked = false;
  saved.changed("web.json", "web", [&] {
    asked = true;
    return std::optional(servers);
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while ((!asked || saved.busy()) && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(std::chrono::seconds(1));
  }
  ASSERT_TRUE(std::filesystem::is_regular_file(directory_));
  std::filesystem::remove(directory_);
  while (!std::filesystem::exists(directory_ + "/web.json") && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(std::chrono::seconds(1));
  }
  EXPECT_TRUE(saved.load("web.json"));
}

TEST_F(SavedRecordsTest, WritesTheRestAtTheEndButNothingOfWhoIsGone) {
  SavedRecords saved(io_, directory_, events_);
  const std::vector<RoutedServer> servers{server("a")};
  saved.changed("web.json", "web", gives(servers));
  saved.changed("gone.json", "gone", [] { return std::nullopt; });
  flush(saved);
  EXPECT_THAT(files(), ElementsAre("web.json"));
}

TEST_F(SavedRecordsTest, TheEndWritesWhatCameDuringAWrite) {
  SavedRecords saved(io_, directory_, events_);
  bool flushed = false;
  const auto end = [&] {
    saved.changed("web.json", "web", [] { return std::optional(std::vector{server("new")}); });
    saved.flush();
    boost::asio::co_spawn(io_, saved.flushed(), [&](const std::exception_ptr&) { flushed = true; });
  };
  saved.changed("web.json", "web", [&] {
    boost::asio::post(io_, end);
    return std::optional(std::vector{server("old")});
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!flushed && std::chrono::steady_clock::now() < deadline) io_.run_one_for(std::chrono::seconds(1));
  ASSERT_TRUE(flushed);
  const auto loaded = saved.load("web.json");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->records.front().registration->name, "new");
}

TEST_F(SavedRecordsTest, KeepsOnlyWhatIsConfigured) {
  SavedRecords saved(io_, directory_, events_);
  const auto kept = SavedRecords::file_name("web", "zk:2181 /services/web");
  const auto old = SavedRecords::file_name("web", "zk:2181 /services/old");
  EXPECT_NE(kept, old);
  for (const auto& name : {kept, old, kept + ".a1B2c3", std::string("note.json")}) {
    ASSERT_TRUE(common::write_atomically(directory_ + "/" + name, "{}"));
  }
  saved.keep_only({kept});
  EXPECT_THAT(files(), UnorderedElementsAre(kept, "note.json"));
  const auto next = SavedRecords::file_name("web", "zk:2181 /services/next");
  saved.keep_only({next});
  EXPECT_THAT(files(), UnorderedElementsAre(kept, "note.json")) << "until the next one is there";
}

TEST_F(SavedRecordsTest, WithoutADirectoryKeepsNothing) {
  SavedRecords saved(io_, "", events_);
  const std::vector<RoutedServer> servers{server("a")};
  saved.changed("web.json", "web", gives(servers));
  flush(saved);
  EXPECT_FALSE(saved.load("web.json"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SavedRecordsTest, ChangesNothingThatItMayOnlyRead) {
  ASSERT_TRUE(common::write_atomically(directory_ + "/web.json", encode_saved("web", {server("a")}, "")));
  ASSERT_TRUE(common::write_atomically(directory_ + "/old-0123456789abcdef.json", "{}"));
  SavedRecords saved(io_, directory_, events_, SavedRecords::Access::read);
  const std::vector<RoutedServer> servers{server("b")};
  saved.changed("web.json", "web", gives(servers));
  flush(saved);
  saved.keep_only({});
  EXPECT_EQ(files().size(), 2U);
  const auto loaded = saved.load("web.json");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->records.front().registration->name, "a");
}

TEST_F(SavedRecordsTest, ADamagedFileIsPassedOver) {
  SavedRecords saved(io_, directory_, events_);
  ASSERT_TRUE(common::write_atomically(directory_ + "/web.json", "{\"version\": 1, \"rec"));
  EXPECT_FALSE(saved.load("web.json"));
}

}  // namespace
}  // namespace synapse
