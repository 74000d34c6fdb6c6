#include "synapse/haproxy/config_file.h"

#include <cstdlib>
#include <filesystem>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/runtime/task_group.h"

namespace synapse::haproxy {
namespace {

using Outcome = ConfigFile::Outcome;

class ConfigFileTest : public testing::Test {
 protected:
  ConfigFileTest() {
    std::string name = testing::TempDir() + "config_file.XXXXXX";
    directory_ = ::mkdtemp(name.data());
    // Stands for haproxy: refuses a file that says "bad".
    EXPECT_TRUE(common::write_atomically(
                    checker(),
                    "#!/bin/sh\nfor last; do :; done\n"
                    "if grep -q bad \"$last\"; then echo '[NOTICE] hello'; echo '[ALERT] line 1: bad'; exit 1; fi\n"
                    "if grep -q kill \"$last\"; then kill -9 $$; fi\n",
                    0755)
                    .has_value());
  }
  ~ConfigFileTest() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/haproxy.cfg"; }
  std::string checker() const { return directory_ + "/haproxy"; }
  static std::string on_disk(const std::string& file) {
    const auto text = common::read_file(file);
    return text ? *text : "missing";
  }

  static boost::asio::awaitable<void> replace_into(ConfigFile& file, std::string text,
                                                   ConfigFile::Replacement& result) {
    result = co_await file.replace(std::move(text));
  }
  static ConfigFile::Replacement replace(ConfigFile& file, const std::string& text) {
    boost::asio::io_context io;
    common::TaskGroup tasks(io);
    ConfigFile::Replacement result;
    tasks.spawn("replace", replace_into(file, text, result));
    io.run();
    return result;
  }

  static boost::asio::awaitable<void> prove_into(ConfigFile& file, std::string text, common::Result<void>& result) {
    result = co_await file.prove(std::move(text));
  }
  static common::Result<void> prove(ConfigFile& file, const std::string& text) {
    boost::asio::io_context io;
    common::TaskGroup tasks(io);
    common::Result<void> result = common::fail("no answer");
    tasks.spawn("prove", prove_into(file, text, result));
    io.run();
    return result;
  }

  std::string directory_;
};

TEST_F(ConfigFileTest, ReplacesTheFileByAnAcceptedText) {
  ConfigFile file(path(), checker());
  file.read();
  EXPECT_EQ(file.text(), "");
  EXPECT_EQ(replace(file, "good 1\n").outcome, Outcome::replaced);
  EXPECT_EQ(on_disk(path()), "good 1\n");
  EXPECT_EQ(replace(file, "good 1\n").outcome, Outcome::unchanged);
  EXPECT_EQ(on_disk(path() + ".candidate"), "missing");
}

TEST_F(ConfigFileTest, ARefusedTextIsKeptBesideAndChangesNothing) {
  ConfigFile file(path(), checker());
  replace(file, "good\n");
  const auto refused = replace(file, "bad\n");
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.words, "[ALERT] line 1: bad");
  EXPECT_EQ(on_disk(path()), "good\n");
  EXPECT_EQ(on_disk(path() + ".rejected"), "bad\n\n# HAProxy refused this file:\n# [ALERT] line 1: bad\n");
  EXPECT_EQ(on_disk(path() + ".candidate"), "missing");
  EXPECT_EQ(file.text(), "good\n");
}

TEST_F(ConfigFileTest, TheRefusedTextGoesWhenALaterOneIsAccepted) {
  ConfigFile file(path(), checker());
  for (const std::string later : {"better\n", "good\n", "good\n"}) {
    replace(file, "bad\n");
    EXPECT_NE(on_disk(path() + ".rejected"), "missing");
    replace(file, later);
    EXPECT_EQ(on_disk(path() + ".rejected"), "missing");
  }
}

TEST_F(ConfigFileTest, AProofReplacesNothing) {
  ConfigFile file(path(), checker());
  replace(file, "good\n");
  EXPECT_TRUE(prove(file, "better\n").has_value());
  EXPECT_EQ(on_disk(path()), "good\n");
  EXPECT_EQ(file.text(), "good\n");
  EXPECT_EQ(on_disk(path() + ".proof"), "missing");
  EXPECT_EQ(on_disk(path() + ".rejected"), "missing");
}

TEST_F(ConfigFileTest, WhatAProofRefusedStaysUntilALaterOneIsProven) {
  ConfigFile file(path(), checker());
  const auto refused = prove(file, "bad\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "HAProxy refuses the new configuration, kept as " + path() + ".rejected. It says:\n[ALERT] line 1: bad");
  EXPECT_EQ(on_disk(path() + ".proof"), "missing");
  replace(file, "good\n");  // servers come and go meanwhile
  replace(file, "good\n");
  EXPECT_EQ(on_disk(path() + ".rejected"), "bad\n\n# HAProxy refused this file:\n# [ALERT] line 1: bad\n");
  EXPECT_TRUE(prove(file, "better\n").has_value());
  EXPECT_EQ(on_disk(path() + ".rejected"), "missing");
}

TEST_F(ConfigFileTest, WhatAProofRefusedCanBeForgotten) {
  ConfigFile file(path(), checker());
  EXPECT_FALSE(prove(file, "bad\n").has_value());
  file.forget_refused();
  EXPECT_EQ(on_disk(path() + ".rejected"), "missing");
}

TEST_F(ConfigFileTest, AProofWithoutAnAnswerIsNone) {
  ConfigFile file(path(), checker());
  const auto killed = prove(file, "kill\n");
  ASSERT_FALSE(killed.has_value());
  EXPECT_EQ(killed.error().message, checker() + " -c: killed by signal 9");
  ConfigFile unwritable(directory_ + "/missing/haproxy.cfg", checker());
  EXPECT_FALSE(prove(unwritable, "good\n").has_value());
  ConfigFile nobody_to_ask(path(), directory_ + "/nowhere");
  EXPECT_TRUE(prove(nobody_to_ask, "bad\n").has_value());
  EXPECT_EQ(on_disk(path() + ".proof"), "missing");
}

TEST_F(ConfigFileTest, AMarkTellsTheNextOneThatTheFileFellBehind) {
  ConfigFile file(path(), checker());
  replace(file, "good\n");
  EXPECT_EQ(on_disk(path() + ".behind"), "missing");
  replace(file, "bad\n");
  EXPECT_TRUE(file.behind());
  ConfigFile next(path(), checker());
  EXPECT_FALSE(next.behind());
  next.read();
  EXPECT_TRUE(next.behind());
  replace(next, "better\n");
  EXPECT_FALSE(next.behind());
  EXPECT_EQ(on_disk(path() + ".behind"), "missing");
  replace(next, "bad\n");
  next.caught_up();
  EXPECT_EQ(on_disk(path() + ".behind"), "missing");
}

TEST_F(ConfigFileTest, WhereNoMarkCanBeMadeNoneSaysNothing) {
  ConfigFile file(directory_ + "/missing/haproxy.cfg", checker());
  file.read();
  EXPECT_TRUE(file.behind());
}

TEST_F(ConfigFileTest, WhatAKilledLifeLeftIsRemoved) {
  ConfigFile file(path(), checker());
  replace(file, "good\n");
  for (const auto* name : {".candidate", ".proof", ".candidate.unfinished-abcdef", ".unfinished-abcdef"}) {
    ASSERT_TRUE(common::write_atomically(path() + name, "half").has_value());
  }
  ASSERT_TRUE(common::write_atomically(path() + ".mine", "kept").has_value());
  ConfigFile next(path(), checker());
  next.read();
  EXPECT_EQ(next.text(), "good\n");
  EXPECT_FALSE(next.behind());
  for (const auto* name : {".candidate", ".proof", ".candidate.unfinished-abcdef", ".unfinished-abcdef", ".behind"}) {
    EXPECT_EQ(on_disk(path() + name), "missing");
  }
  EXPECT_EQ(on_disk(path() + ".mine"), "kept");
}

// What HAProxy says names the candidate, which is not there any more when somebody reads it.
TEST_F(ConfigFileTest, TheWordsNameTheFileThatIsKept) {
  EXPECT_TRUE(common::write_atomically(
                  checker(), "#!/bin/sh\necho \"[ALERT] parsing [$3:7] : unknown keyword 'x'\"\nexit 1\n", 0755)
                  .has_value());
  ConfigFile file(path(), checker());
  const auto refused = replace(file, "any\n");
  EXPECT_EQ(refused.words,
            "[ALERT] parsing [" + path() +
                ".rejected:7] : unknown keyword 'x'; this HAProxy does not know the keyword: correct the "
                "line, or install a version that does");
}

TEST_F(ConfigFileTest, TheWordsShowNoSecret) {
  ASSERT_EQ(::setenv("CONFIG_FILE_TEST_PW", "geheim99", 1), 0);
  EXPECT_TRUE(common::write_atomically(
                  checker(),
                  "#!/bin/sh\necho \"[ALERT] parsing: 'hunter22' and '$CONFIG_FILE_TEST_PW' in 'userlist'\"\nexit 1\n",
                  0755)
                  .has_value());
  const std::string text =
      "userlist u\n user a insecure-password hunter22\n user b insecure-password \"$CONFIG_FILE_TEST_PW\"\n";
  ConfigFile file(path(), checker());
  EXPECT_EQ(replace(file, text).words, "[ALERT] parsing: '***' and '***' in 'userlist'");
  EXPECT_EQ(on_disk(path() + ".rejected"),
            text + "\n# HAProxy refused this file:\n# [ALERT] parsing: '***' and '***' in 'userlist'\n");
  const auto proven = prove(file, text);
  ASSERT_FALSE(proven.has_value());
  EXPECT_EQ(proven.error().message.find("hunter22"), std::string::npos);
  EXPECT_EQ(proven.error().message.find("geheim99"), std::string::npos);
  EXPECT_TRUE(common::write_atomically(checker(), "#!/bin/sh\necho hunter22\nkill -9 $$\n", 0755).has_value());
  EXPECT_EQ(replace(file, text).words, checker() + " -c: killed by signal 9: ***");
}

TEST_F(ConfigFileTest, ACheckThatDiedSaysNothingAboutTheText) {
  ConfigFile file(path(), checker());
  const auto result = replace(file, "kill\n");
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.words, checker() + " -c: killed by signal 9");
  EXPECT_EQ(on_disk(path() + ".candidate"), "missing");
}

TEST_F(ConfigFileTest, WithoutAnHaproxyTheTextIsTakenUnchecked) {
  ConfigFile file(path(), directory_ + "/nowhere");
  const auto result = replace(file, "bad\n");
  EXPECT_EQ(result.outcome, Outcome::unchecked);
  EXPECT_EQ(result.words, directory_ +
                              "/nowhere: cannot start: No such file or directory; install HAProxy 2.4 or later, or set "
                              "haproxyBinary to its path");
  EXPECT_EQ(on_disk(path()), "bad\n");
}

TEST_F(ConfigFileTest, AFileThatCannotBeWrittenIsAnError) {
  ConfigFile file(directory_ + "/missing/haproxy.cfg", checker());
  const auto result = replace(file, "good\n");
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.words, "cannot create a temporary file beside " + directory_ +
                              "/missing/haproxy.cfg.candidate: No such file or directory; create the directory, or "
                              "choose another configPath");
}

}  // namespace
}  // namespace synapse::haproxy
