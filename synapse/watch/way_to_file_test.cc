#include "synapse/watch/way_to_file.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace synapse {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

class WayToFileTest : public testing::Test {
 protected:
  WayToFileTest() : root(fs::canonical(testing::TempDir()).string() + "/way-" + std::to_string(::getpid())) {
    fs::create_directories(root + "/a/b");
    std::ofstream(root + "/a/b/file") << "text";
  }
  ~WayToFileTest() override { fs::remove_all(root); }

  const std::string root;
};

TEST_F(WayToFileTest, AFileIsInItsDirectory) {
  EXPECT_THAT(directories_on_the_way(root + "/a/b/file"), UnorderedElementsAre(root + "/a/b"));
  EXPECT_THAT(directories_on_the_way(root + "/a/../a//./b/file"), UnorderedElementsAre(root + "/a/b"));
}

TEST_F(WayToFileTest, EachLinkOnTheWayCounts) {
  fs::create_symlink("b", root + "/a/current");                  // to a directory beside it
  fs::create_symlink(root + "/a/current/file", root + "/link");  // a whole path
  EXPECT_THAT(directories_on_the_way(root + "/link"), UnorderedElementsAre(root, root + "/a", root + "/a/b"));
}

TEST_F(WayToFileTest, WhereItEndsSomethingMayAppear) {
  EXPECT_THAT(directories_on_the_way(root + "/a/x/y/file"), UnorderedElementsAre(root + "/a"));
  EXPECT_THAT(directories_on_the_way(root + "/a/b/other"), UnorderedElementsAre(root + "/a/b"));
  fs::create_symlink("nowhere", root + "/a/link");
  EXPECT_THAT(directories_on_the_way(root + "/a/link"), UnorderedElementsAre(root + "/a"));
}

TEST_F(WayToFileTest, DoesNotGoRoundInCircles) {
  fs::create_symlink("two", root + "/one");
  fs::create_symlink("one", root + "/two");
  EXPECT_THAT(directories_on_the_way(root + "/one"), UnorderedElementsAre(root));
}

}  // namespace
}  // namespace synapse
