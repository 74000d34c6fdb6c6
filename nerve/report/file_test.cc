#include "nerve/report/file.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace nerve {
namespace {

class FileReport : public testing::Test {
 protected:
  FileReport() {
    std::string name = testing::TempDir() + "nerve-file-XXXXXX";
    directory = ::mkdtemp(name.data());
    options.path = directory + "/report";
    up.host = "127.0.0.1";
    up.port = 80;
    up.name = "web";
    down = up;
    down.available = false;
  }
  ~FileReport() override { std::filesystem::remove_all(directory); }

  std::string content() const { return common::read_file(options.path).value(); }

  std::string directory;
  FileOptions options;
  common::Registration up;
  common::Registration down;
};

TEST_F(FileReport, HoldsTheCurrentRecord) {
  ASSERT_TRUE(write_to_file(options, up));
  EXPECT_EQ(content(), common::encode(up) + "\n");
  up.port = 81;
  ASSERT_TRUE(write_to_file(options, up));
  EXPECT_EQ(content(), common::encode(up) + "\n");
}

TEST_F(FileReport, IsEmptyWhenTheServiceIsNotAvailable) {
  ASSERT_TRUE(write_to_file(options, up));
  ASSERT_TRUE(write_to_file(options, down));
  EXPECT_EQ(content(), "");
  ASSERT_TRUE(write_to_file(options, up));
  ASSERT_TRUE(write_to_file(options, std::nullopt));
  EXPECT_EQ(content(), "");
}

TEST_F(FileReport, AppendsEveryRecordWhenAsked) {
  options.append = true;
  ASSERT_TRUE(write_to_file(options, up));
  ASSERT_TRUE(write_to_file(options, down));
  ASSERT_TRUE(write_to_file(options, std::nullopt));
  EXPECT_EQ(content(), common::encode(up) + "\n" + common::encode(down) + "\n");
}

TEST_F(FileReport, SaysWhyItCannotWrite) {
  options.path = directory + "/missing/report";
  EXPECT_FALSE(write_to_file(options, up));
  options.append = true;
  const auto written = write_to_file(options, up);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot open " + options.path + ": No such file or directory");
}

TEST_F(FileReport, DoesNotReplaceAPipeByAFile) {
  ASSERT_EQ(::mkfifo(options.path.c_str(), 0600), 0);
  const auto written = write_to_file(options, up);
  ASSERT_FALSE(written) << "nobody reads it, and it must not hold us up";
  EXPECT_TRUE(std::filesystem::is_fifo(options.path));
}

}  // namespace
}  // namespace nerve
