#include "common/file/secret_file.h"

#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace common {
namespace {

class SecretFile : public testing::Test {
 protected:
  ~SecretFile() override { ::unlink(path.c_str()); }
  Result<std::string> read(mode_t mode, SecretReaders readers = SecretReaders::owner_and_group) {
    EXPECT_TRUE(write_atomically(path, "s3cret", mode).has_value());
    return read_secret_file(path, "the word", 10, readers);
  }
  const std::string path = testing::TempDir() + "secret-" + std::to_string(::getpid());
};

TEST_F(SecretFile, IsReadByItsOwnerAndAGroup) {
  for (const mode_t mode : {0600u, 0400u, 0640u, 0440u}) EXPECT_EQ(read(mode).value(), "s3cret") << mode;
  for (const mode_t mode : {0604u, 0644u, 0660u, 0602u, 0620u}) {
    EXPECT_EQ(read(mode).error().message, "everybody can read, or others can write, the word in " + path +
                                              "; run: chmod 600 " + path +
                                              " (of a Kubernetes secret: defaultMode: 0440)")
        << mode;
  }
}

TEST_F(SecretFile, OfOurOwnIsReadByItsOwnerAlone) {
  EXPECT_EQ(read(0600, SecretReaders::owner).value(), "s3cret");
  for (const mode_t mode : {0640u, 0620u, 0604u, 0602u, 0644u}) {
    EXPECT_EQ(read(mode, SecretReaders::owner).error().message,
              "others can read or write the word in " + path + "; run: chmod 600 " + path)
        << mode;
  }
}

TEST_F(SecretFile, MustBeAFileOfABoundedSize) {
  ASSERT_TRUE(write_atomically(path, "more than that", 0600));
  EXPECT_EQ(read_secret_file(path, "the word", 10, SecretReaders::owner).error().message,
            "cannot read the word: " + path + ": larger than 10 bytes");
  ::unlink(path.c_str());
  EXPECT_EQ(read_secret_file(path, "the word", 10, SecretReaders::owner).error().message,
            "cannot read the word in " + path + ": No such file or directory");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_secret_file(path, "the word", 10, SecretReaders::owner).error().message,
            "the word must stand in a file; " + path + " is none");
}

TEST_F(SecretFile, IsOpenWhenMoreMayReadItThanNeedTo) {
  const auto open = [&](mode_t mode) {
    EXPECT_TRUE(write_atomically(path, "s3cret", mode));
    return readable_by_others(path);
  };
  EXPECT_TRUE(open(0644));
  EXPECT_TRUE(open(0604));
  EXPECT_TRUE(open(0640));
  EXPECT_FALSE(open(0600));
  EXPECT_FALSE(readable_by_others("/nowhere/at/all"));
  // Who owns it gives it to a group on purpose, when the reader is another one.
  ASSERT_TRUE(write_atomically(path, "s3cret", 0640));
  if (::chown(path.c_str(), 12345, static_cast<gid_t>(-1)) == 0) {
    EXPECT_FALSE(readable_by_others(path));
  }
}

}  // namespace
}  // namespace common
