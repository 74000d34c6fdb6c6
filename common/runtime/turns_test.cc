#include "common/runtime/turns.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "common/runtime/task_group.h"

namespace common {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

struct Crowd {
  asio::io_context io;
  std::vector<std::size_t> waiting;  // as it was told
  Turns turns{io, 2, [this](std::size_t now) { waiting.push_back(now); }};
  TaskGroup tasks{io};
  std::vector<int> began;
  int inside = 0;
  int most = 0;

  asio::awaitable<void> go(int number, milliseconds takes) {
    auto turn = co_await turns.take();
    began.push_back(number);
    most = std::max(most, ++inside);
    asio::steady_timer timer(io, takes);
    co_await timer.async_wait(asio::use_awaitable);
    --inside;
  }
};

TEST(Turns, OnlySoManyAtOnceInTheOrderInWhichTheyCame) {
  Crowd crowd;
  for (int i = 0; i < 6; ++i) crowd.tasks.spawn("one", crowd.go(i, milliseconds(5)));
  crowd.io.run();
  EXPECT_EQ(crowd.most, 2);
  EXPECT_EQ(crowd.began, (std::vector{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(*std::max_element(crowd.waiting.begin(), crowd.waiting.end()), 4u);
  EXPECT_EQ(crowd.waiting.back(), 0u);
}

TEST(Turns, WhoIsCancelledLeavesTheQueueAndGivesHisPlaceBack) {
  Crowd crowd;
  TaskGroup others(crowd.io);
  for (int i = 0; i < 2; ++i) crowd.tasks.spawn("has a place", crowd.go(i, milliseconds(3'600'000)));
  for (int i = 2; i < 4; ++i) crowd.tasks.spawn("waits", crowd.go(i, milliseconds(3'600'000)));
  others.spawn("waits longer", crowd.go(4, milliseconds(1)));
  crowd.io.poll();
  ASSERT_EQ(crowd.waiting.back(), 3u);
  crowd.tasks.cancel();
  crowd.io.restart();
  crowd.io.run();
  EXPECT_EQ(crowd.waiting.back(), 0u);
  EXPECT_EQ(crowd.began.back(), 4);
}

TEST(Turns, MorePlacesAreTakenAtOnce) {
  Crowd crowd;
  for (int i = 0; i < 4; ++i) crowd.tasks.spawn("one", crowd.go(i, milliseconds(300)));
  crowd.io.poll();
  ASSERT_EQ(crowd.began.size(), 2u);
  crowd.turns.set_at_once(4);
  crowd.io.restart();
  crowd.io.run();
  EXPECT_EQ(crowd.most, 4);
}

TEST(Turns, MayGoWhileSomebodyHasOneOrWaits) {
  asio::io_context io;
  TaskGroup tasks(io);
  auto turns = std::make_unique<Turns>(io, 1, [](std::size_t) {});
  const auto hold = [](Turns& from, asio::io_context& loop) -> asio::awaitable<void> {
    auto turn = co_await from.take();
    asio::steady_timer timer(loop, milliseconds(20));
    co_await timer.async_wait(asio::use_awaitable);
  };
  tasks.spawn("has it", hold(*turns, io));
  tasks.spawn("waits", hold(*turns, io));
  io.poll();
  turns.reset();
  io.restart();
  io.run();
  EXPECT_EQ(tasks.size(), 0u);
}

}  // namespace
}  // namespace common
