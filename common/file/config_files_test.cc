#include "common/file/config_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace common {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigFilesTest : public testing::Test {
 protected:
  ConfigFilesTest() {
    char name[] = "/tmp/config_files_XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~ConfigFilesTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ + "/" + name) << text; }

  std::string directory_;
};

TEST_F(ConfigFilesTest, ReadsWhatLooksLikeAConfigurationByName) {
  write("b.yml", "1");
  write("a.json", "2");
  write("c.yaml", "3");
  write(".hidden.yml", "4");
  write("note.txt", "5");
  const auto files = config_files_in(directory_);
  ASSERT_TRUE(files) << files.error().message;
  std::vector<std::string> shown;
  for (const auto& file : *files) shown.push_back(file.name.substr(directory_.size() + 1) + "=" + file.text);
  EXPECT_THAT(shown, ElementsAre("a.json=2", "b.yml=1", "c.yaml=3"));
}

TEST_F(ConfigFilesTest, SaysWhatCannotBeRead) {
  EXPECT_THAT(config_files_in(directory_ + "/nosuch").error().message, HasSubstr("/nosuch: No such file"));
  ASSERT_EQ(::mkfifo((directory_ + "/pipe.yml").c_str(), 0600), 0);
  EXPECT_EQ(config_files_in(directory_).error().message, directory_ + "/pipe.yml is not a file; move it elsewhere");
}

}  // namespace
}  // namespace common
