#include "common/zookeeper/read_queue.h"

#include <gtest/gtest.h>

namespace common::zookeeper {
namespace {

// "a b?" for a read of a and a look at b.
std::string drain(ReadQueue& queue) {
  std::string text;
  while (const auto request = queue.next()) {
    text += (text.empty() ? "" : " ") + request->node + (request->read ? "" : "?");
  }
  return text;
}

TEST(ReadQueue, AsksForEachOnceInOrder) {
  ReadQueue queue(10);
  EXPECT_TRUE(queue.idle());
  queue.look_at("b");
  queue.read("a");
  queue.read("b");  // a read answers what a look would
  queue.look_at("a");
  queue.look_at("c");
  EXPECT_EQ(drain(queue), "b a c?");
  EXPECT_FALSE(queue.idle());
  for (const auto* node : {"a", "b", "c"}) queue.answered(node);
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(drain(queue), "");
}

TEST(ReadQueue, BoundsWhatIsInFlight) {
  ReadQueue queue(2);
  for (const auto* node : {"a", "b", "c"}) queue.read(node);
  EXPECT_EQ(drain(queue), "a b");
  queue.answered("a");
  EXPECT_EQ(drain(queue), "c");
}

TEST(ReadQueue, WhatChangesWhileItIsReadIsReadOnceMore) {
  ReadQueue queue(10);
  queue.read("a");
  queue.look_at("b");
  EXPECT_EQ(drain(queue), "a b?");
  queue.read("a");
  queue.look_at("a");
  queue.look_at("b");
  EXPECT_EQ(drain(queue), "");
  queue.answered("a");
  queue.answered("b");
  EXPECT_EQ(drain(queue), "a b?");
}

TEST(ReadQueue, ALostRequestIsMadeAgain) {
  ReadQueue queue(10);
  queue.look_at("a");
  queue.look_at("b");
  queue.read("c");
  EXPECT_EQ(drain(queue), "a? b? c");
  queue.read("b");
  queue.lost({"a", false});
  queue.lost({"b", false});
  queue.lost({"c", true});
  EXPECT_EQ(drain(queue), "a? b c");
}

TEST(ReadQueue, ForgetsWhatIsGone) {
  ReadQueue queue(10);
  queue.read("a");
  queue.read("b");
  queue.forget("a");
  EXPECT_EQ(drain(queue), "b");
  queue.read("b");
  queue.forget("b");
  queue.answered("b");
  EXPECT_TRUE(queue.idle());
  queue.look_at("a");  // it came back
  queue.forget("a");
  queue.read("a");
  EXPECT_EQ(drain(queue), "a");
  EXPECT_EQ(drain(queue), "");
}

}  // namespace
}  // namespace common::zookeeper
