#include "nerve/check/redis_reply.h"

#include <gtest/gtest.h>

namespace nerve {
namespace {

TEST(RedisReply, TakesTheExpectedLineOnly) {
  EXPECT_EQ(redis_objection("+PONG", true, "+PONG", "redis"), "");
  EXPECT_EQ(redis_objection("+OK", true, "+PONG", "redis"), "redis did not answer as Redis does: +OK");
  EXPECT_EQ(redis_objection("+PONG", false, "+PONG", "redis"), "redis did not answer as Redis does: +PONG");
}

TEST(RedisReply, TellsTheServersOwnWords) {
  EXPECT_EQ(redis_objection("-NOAUTH Authentication\x01required.", true, "+PONG", "redis"),
            "redis: NOAUTH Authentication required.");
}

}  // namespace
}  // namespace nerve
