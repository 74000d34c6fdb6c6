#include "synapse/saved_records.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace synapse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

RoutedServer server(const std::string& name) {
  return {.name = name + "_renamed",
          .registered_name = name,
          .host = "10.0.0.1",
          .port = 80,
          .weight = 5,
          .registered_weight = 7,
          .available = false,
          .unavailable_reason = "draining",
          .options = {"check", "inter", "2s"},
          .labels = {{"az", "x"}},
          .created_ms = 12,
          .created_zxid = 34,
          .child = "base64_4_e30=_0000000001"};
}

TEST(SavedRecords, ComeBackAsTheRecordsThatTheyWere) {
  const auto saved = decode_saved(encode_saved("web", {server("a")}, "2026-01-31T12:00:00.000Z"));
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(saved->saved_at, "2026-01-31T12:00:00.000Z");
  ASSERT_EQ(saved->records.size(), 1U);
  const auto& record = saved->records.front();
  EXPECT_EQ(record.child, "base64_4_e30=_0000000001");
  EXPECT_EQ(record.created_ms, 12);
  EXPECT_EQ(record.created_zxid, 34);
  ASSERT_TRUE(record.registration) << record.registration.error().message;
  const common::Registration expected{.available = false,
                                      .unavailable_reason = "draining",
                                      .host = "10.0.0.1",
                                      .port = 80,
                                      .name = "a",
                                      .haproxy_server_options = "check inter 2s",
                                      .weight = 7,
                                      .labels = {{"az", "x"}}};
  EXPECT_EQ(*record.registration, expected);
}

TEST(SavedRecords, AServerThatDrainsIsAvailable) {
  auto drains = server("a");
  drains.weight = drains.registered_weight = 0;
  drains.draining = true;
  const auto saved = decode_saved(encode_saved("web", {drains}, ""));
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_TRUE(saved->records.at(0).registration->available);
  EXPECT_EQ(saved->records.at(0).registration->weight, 0);
}

// They come from the configuration at every start.
TEST(SavedRecords, DoNotHaveWhatTheOperatorLists) {
  auto spare = server("spare");
  spare.is_default = true;
  auto on_socket = server("socket");
  on_socket.host = "/run/a.sock";
  on_socket.port = 0;
  const auto saved = decode_saved(encode_saved("web", {spare, on_socket, server("a")}, ""));
  ASSERT_TRUE(saved) << saved.error().message;
  ASSERT_EQ(saved->records.size(), 1U);
  EXPECT_EQ(saved->records[0].registration->name, "a");
}

TEST(SavedRecords, WhatIsOfNoUseSaysWhy) {
  EXPECT_EQ(decode_saved(R"({"version": 2})").error().message, "is of version 2, this synapse knows 1");
  for (const auto* text : {"", "{", "[]", R"({"version": 1})", R"({"version": 1, "savedAt": 3, "records": []})",
                           R"({"version": 1, "savedAt": "", "records": [{}]})"}) {
    EXPECT_THAT(decode_saved(text).error().message, HasSubstr("cannot be read")) << text;
  }
}

TEST(SavedRecords, AreNoMoreTrustedThanTheRegistry) {
  const auto saved = decode_saved(
      R"({"version": 1, "savedAt": "", "records": [{"child": "a", "createdMs": 1, "createdZxid": 1,
          "record": {"host": "unix@/x", "port": 1, "name": "a"}}]})");
  ASSERT_TRUE(saved);
  EXPECT_FALSE(saved->records.front().registration);
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
  while (files().empty() && std::chrono::steady_clock::now() < deadline) io_.run_one_for(std::chrono::seconds(1));
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
  saved.flush();
  EXPECT_THAT(files(), ElementsAre("web.json"));
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
  saved.flush();
  EXPECT_FALSE(saved.load("web.json"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SavedRecordsTest, ChangesNothingThatItMayOnlyRead) {
  ASSERT_TRUE(common::write_atomically(directory_ + "/web.json", encode_saved("web", {server("a")}, "")));
  ASSERT_TRUE(common::write_atomically(directory_ + "/old-0123456789abcdef.json", "{}"));
  SavedRecords saved(io_, directory_, events_, SavedRecords::Access::read);
  const std::vector<RoutedServer> servers{server("b")};
  saved.changed("web.json", "web", gives(servers));
  saved.flush();
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
