#include "common/http/token_file.h"

#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/file/write_atomically.h"

namespace common::http {
namespace {

class TokenFile : public testing::Test {
 protected:
  ~TokenFile() override { ::unlink(path.c_str()); }
  Result<std::string> read(const std::string& text, mode_t mode) {
    EXPECT_TRUE(write_atomically(path, text, mode).has_value());
    return read_token_file(path);
  }
  std::string error(const std::string& text, mode_t mode = 0600) {
    const auto token = read(text, mode);
    return token ? "" : token.error().message;
  }
  const std::string path = testing::TempDir() + "token-" + std::to_string(::getpid());
};

TEST_F(TokenFile, IsReadWithoutTheSpaceAroundIt) {
  EXPECT_EQ(read("s3cret\n", 0600).value(), "s3cret");
  EXPECT_EQ(read("  a.b-c_~+/=\r\n\n", 0640).value(), "a.b-c_~+/=");
}

TEST_F(TokenFile, MustBeReadByFewAndWrittenByOne) {
  for (const mode_t mode : {0604u, 0644u, 0660u, 0602u}) {
    EXPECT_EQ(error("s3cret", mode), "everybody can read, or others can write, the API token in " + path +
                                         "; run: chmod 600 " + path + " (of a Kubernetes secret: defaultMode: 0440)")
        << mode;
  }
}

TEST_F(TokenFile, MustHoldOneWord) {
  EXPECT_EQ(error(" \n"), "the API token file " + path + " is empty");
  EXPECT_EQ(error("two words"), "the API token in " + path + " must be one word of ASCII letters, digits and signs");
  EXPECT_EQ(error("caf\xC3\xA9"), "the API token in " + path + " must be one word of ASCII letters, digits and signs");
  EXPECT_EQ(error(std::string(5000, 'x')), "cannot read the API token: " + path + ": larger than 4096 bytes");
}

TEST_F(TokenFile, MustBeThere) {
  EXPECT_EQ(read_token_file("/nowhere/token").error().message,
            "cannot read the API token in /nowhere/token: No such file or directory");
  EXPECT_EQ(read_token_file("/tmp").error().message, "the API token must stand in a file; /tmp is none");
}

}  // namespace
}  // namespace common::http
