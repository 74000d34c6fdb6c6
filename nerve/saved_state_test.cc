#include "nerve/saved_state.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace nerve {
namespace {

SavedState state() {
  SavedState state;
  SavedSession session;
  session.key = "a:2181,b:2181";
  session.id = 0x1000abcdef012345;
  session.password = {'p', 0, -1, 'x'};
  session.nodes = {{"/services/web/web_10.0.0.1_80", false}, {"/services/old/x", true}};
  state.sessions.push_back(session);
  Resumed disabled;
  disabled.mode = Mode::disabled;
  disabled.full_weight = 7;
  state.services["web \xff\"1"] = disabled;
  return state;
}

TEST(SavedState, TakesNoNumberThatDoesNotFit) {
  const std::string begin = R"({"version": )";
  const std::string end = R"(, "sessions": [], "services": {"web": {"mode": "enabled", "weight": )";
  EXPECT_TRUE(decode_state(begin + "1" + end + "255}}}"));
  EXPECT_EQ(decode_state(begin + "1e223" + end + "1}}}").error().message, "a number is not a whole one");
  EXPECT_EQ(decode_state(begin + "1" + end + "4294967297}}}").error().message, "a number is out of range");
  EXPECT_EQ(decode_state(begin + "1" + end + "18446744073709551615}}}").error().message, "a number is out of range");
}

TEST(SavedState, ComesBackAsItWas) {
  SavedState given = state();
  given.services = {{"web", given.services.begin()->second}, {"db/1", Resumed{.mode = Mode::forced}}};
  const auto back = decode_state(encode(given));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, given);
}

TEST(SavedState, RefusesWhatItDoesNotUnderstand) {
  for (
      const auto* text :
      {"", "{", "[]", "{}", R"({"version":2,"sessions":[],"services":{}})",
       R"({"version":1,"sessions":[{"ensemble":"a","id":1,"password":"00","nodes":[]}],"services":{}})",
       R"({"version":1,"sessions":[{"ensemble":"a","id":1,"password":"zz000000000000000000000000000000","nodes":[]}],"services":{}})",
       R"({"version":1,"sessions":[],"services":{"web":{"mode":"asleep"}}})",
       R"({"version":1,"sessions":[],"services":{"web":{"mode":"enabled","weight":256}}})"}) {
    EXPECT_FALSE(decode_state(text)) << text;
  }
}

class StateFile : public testing::Test {
 protected:
  StateFile()
      : directory(testing::TempDir() + "nerve-state-" + std::to_string(::getpid())), path(directory + "/s.json") {}
  ~StateFile() override { std::filesystem::remove_all(directory); }
  std::string directory;
  std::string path;
};

TEST_F(StateFile, IsThisUsersAlone) {
  auto claimed = SavedStateFile::claim(path);
  ASSERT_TRUE(claimed) << claimed.error().message;
  const auto file = *std::move(claimed);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->load().value(), SavedState{});
  ASSERT_TRUE(file->save(state()));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(file->load().value().sessions, state().sessions);
  file->remove();
  EXPECT_EQ(file->load().value(), SavedState{});
}

TEST_F(StateFile, IsNotTakenWhenOthersGetAtIt) {
  auto claimed = SavedStateFile::claim(path);
  ASSERT_TRUE(claimed && *claimed);
  const auto file = *std::move(claimed);
  for (const mode_t mode : {0644u, 0640u, 0620u, 0602u}) {
    ASSERT_TRUE(common::write_atomically(path, encode(state()), mode));
    EXPECT_EQ(file->load().error().message,
              "others can read or write the sessions of an earlier life in " + path + "; run: chmod 600 " + path)
        << mode;
  }
  ASSERT_TRUE(file->save(state()));
  EXPECT_TRUE(file->load()) << "what is written over it is this user's alone";
}

TEST_F(StateFile, BelongsToOneProcess) {
  auto first = SavedStateFile::claim(path);
  ASSERT_TRUE(first && *first);
  const auto second = SavedStateFile::claim(path);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, nullptr);
}

TEST_F(StateFile, WhatAKilledLifeLeftUnfinishedGoes) {
  std::filesystem::create_directories(directory);
  std::ofstream(path + ".unfinished-abcdef") << "{";
  ASSERT_TRUE(SavedStateFile::claim(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".unfinished-abcdef"));
}

TEST_F(StateFile, SaysThatItIsBroken) {
  auto claimed = SavedStateFile::claim(path);
  ASSERT_TRUE(claimed && *claimed);
  const auto file = *std::move(claimed);
  ASSERT_TRUE(common::write_atomically(path, "{", 0600));
  const auto loaded = file->load();
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().message.starts_with(path + " is of no use: ")) << loaded.error().message;
}

}  // namespace
}  // namespace nerve
