#include "common/telemetry/repeated_error.h"

#include <gtest/gtest.h>

namespace common {
namespace {

TEST(RepeatedError, IsSaidOnceAndCounted) {
  RepeatedError error;
  EXPECT_EQ(error.over(), 0) << "nothing has failed";
  EXPECT_TRUE(error.failed());
  EXPECT_FALSE(error.failed());
  EXPECT_FALSE(error.failed());
  EXPECT_EQ(error.over(), 3);
  EXPECT_EQ(error.over(), 0);
  EXPECT_TRUE(error.failed()) << "a new row";
}

}  // namespace
}  // namespace common
