#include "common/runtime/task_group.h"

#include <chrono>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "common/runtime/deadline.h"

namespace common {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> sleep_for_ever(int& ended) {
  struct Count {
    int& ended;
    ~Count() { ++ended; }
  } count{ended};
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> end_at_once(int& ended) {
  ++ended;
  co_return;
}

asio::awaitable<void> cancel_and_wait(TaskGroup& tasks, bool& done) {
  tasks.cancel();
  co_await tasks.wait();
  done = true;
}

asio::awaitable<void> fail_with(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

asio::awaitable<int> answer_after(std::chrono::milliseconds delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 42;
}

asio::awaitable<void> ask(std::chrono::milliseconds delay, std::chrono::milliseconds limit,
                          std::optional<int>& answer) {
  answer = co_await with_deadline(answer_after(delay), limit);
}

TEST(TaskGroup, CancelsAndWaitsForAll) {
  asio::io_context io;
  TaskGroup tasks(io);
  TaskGroup control(io);
  int ended = 0;
  bool done = false;
  tasks.spawn("one", sleep_for_ever(ended));
  tasks.spawn("two", sleep_for_ever(ended));
  tasks.spawn("three", end_at_once(ended));
  control.spawn("stop", cancel_and_wait(tasks, done));
  io.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(ended, 3);
  EXPECT_EQ(tasks.size(), 0u);
}

TEST(TaskGroup, StartsNothingAfterCancel) {
  asio::io_context io;
  TaskGroup tasks(io);
  int ended = 0;
  tasks.cancel();
  tasks.spawn("late", end_at_once(ended));
  io.run();
  EXPECT_EQ(ended, 0);
}

TEST(TaskGroup, WaitingForNobodyReturnsAtOnce) {
  asio::io_context io;
  TaskGroup tasks(io);
  TaskGroup control(io);
  bool done = false;
  control.spawn("stop", cancel_and_wait(tasks, done));
  io.run();
  EXPECT_TRUE(done);
}

TEST(TaskGroupDeathTest, AFaultInATaskEndsTheProgramAndSaysWhich) {
  EXPECT_DEATH(
      {
        asio::io_context io;
        TaskGroup tasks(io);
        tasks.spawn("doomed", fail_with("no such thing"));
        io.run();
      },
      "internal fault in task doomed: no such thing");
}

TEST(Deadline, GivesTheAnswerOrNothing) {
  asio::io_context io;
  TaskGroup tasks(io);
  std::optional<int> early;
  std::optional<int> late = 1;
  tasks.spawn("early", ask(std::chrono::milliseconds(0), std::chrono::hours(1), early));
  tasks.spawn("late", ask(std::chrono::hours(1), std::chrono::milliseconds(1), late));
  io.run();
  EXPECT_EQ(early, 42);
  EXPECT_EQ(late, std::nullopt);
}

}  // namespace
}  // namespace common
