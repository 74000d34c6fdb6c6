#include "synapse/saved_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

using testing::HasSubstr;

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

TEST(SavedText, ComeBackAsTheRecordsThatTheyWere) {
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

TEST(SavedText, AServerThatDrainsIsAvailable) {
  auto drains = server("a");
  drains.weight = drains.registered_weight = 0;
  drains.draining = true;
  const auto saved = decode_saved(encode_saved("web", {drains}, ""));
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_TRUE(saved->records.at(0).registration->available);
  EXPECT_EQ(saved->records.at(0).registration->weight, 0);
}

// They come from the configuration at every start.
TEST(SavedText, DoNotHaveWhatTheOperatorLists) {
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

TEST(SavedText, WhatIsOfNoUseSaysWhy) {
  EXPECT_EQ(decode_saved(R"({"version": 2})").error().message, "is of version 2, this synapse knows 1");
  for (const auto* text :
       {"", "{", "[]", R"({"version": 1})", R"({"version": 1, "savedAt": 3, "records": []})",
        R"({"version": 1, "savedAt": "", "records": [{}]})", R"({"version": 1e223})",
        R"({"version": 1, "savedAt": "", "records": [{"child": "a", "createdMs": 1e99, "createdZxid": 1,
                              "record": {}}]})"}) {
    EXPECT_THAT(decode_saved(text).error().message, HasSubstr("cannot be read")) << text;
  }
}

TEST(SavedText, AreNoMoreTrustedThanTheRegistry) {
  const auto saved = decode_saved(
      R"({"version": 1, "savedAt": "", "records": [{"child": "a", "createdMs": 1, "createdZxid": 1,
          "record": {"host": "unix@/x", "port": 1, "name": "a"}}]})");
  ASSERT_TRUE(saved);
  EXPECT_FALSE(saved->records.front().registration);
}

}  // namespace
}  // namespace synapse
