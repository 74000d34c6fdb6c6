#include "common/runtime/descriptor_limit.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(DescriptorsLeft, AreCountedUpToTheLimit) {
  EXPECT_TRUE(descriptors_left(8));
  struct rlimit limit {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  struct rlimit none = limit;
  none.rlim_cur = 3;  // but for what is below: stdin, stdout and stderr
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool left = descriptors_left(1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_FALSE(left);
  EXPECT_TRUE(descriptors_left(8)) << "all are given back";
}

}  // namespace
}  // namespace common
