#include "common/runtime/blocking_pool.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/limits/limits.h"

namespace common {
namespace {

TEST(BlockingPool, WorksElsewhereAndAnswersOnTheLoop) {
  boost::asio::io_context io;
  BlockingPool pool(io);
  std::thread::id worked;
  std::thread::id answered;
  pool.run([&] { worked = std::this_thread::get_id(); }, [&] { answered = std::this_thread::get_id(); });
  io.run();
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(answered, std::this_thread::get_id());
}

TEST(BlockingPool, RunsJobsSideBySideUpToItsSize) {
  boost::asio::io_context io;
  BlockingPool pool(io, 2);
  std::latch both(2);
  int done = 0;
  for (int i = 0; i < 2; ++i) pool.run([&] { both.arrive_and_wait(); }, [&] { ++done; });
  io.run();
  EXPECT_EQ(done, 2);
}

TEST(BlockingPool, CountsJobsThatHaveToWait) {
  boost::asio::io_context io;
  BlockingPool pool(io, 1);
  const auto hits = limit_hits(Limit::blocking_threads);
  std::latch go(1);
  pool.run([&] { go.wait(); }, [] {});
  EXPECT_EQ(limit_hits(Limit::blocking_threads), hits);
  pool.run([] {}, [] {});
  EXPECT_EQ(limit_hits(Limit::blocking_threads), hits + 1);
  go.count_down();
  io.run();
}

TEST(BlockingPool, ManyJobsAllGetTheirTurn) {
  boost::asio::io_context io;
  BlockingPool pool(io, 3);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  int done = 0;
  for (int i = 0; i < 200; ++i) {
    pool.run(
        [&] {
          const int now = ++running;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          --running;
        },
        [&] { ++done; });
  }
  io.run();
  EXPECT_EQ(done, 200);
  EXPECT_LE(most, 3);
}

TEST(BlockingPool, WhatWorkAndAnswerShareGoesOnTheLoop) {
  struct Noted {
    explicit Noted(std::thread::id& where) : gone(where) {}
    ~Noted() { gone = std::this_thread::get_id(); }
    std::thread::id& gone;
  };
  boost::asio::io_context io;
  BlockingPool pool(io, 1);
  for (int i = 0; i < 200; ++i) {
    std::thread::id gone;
    auto noted = std::make_shared<Noted>(gone);
    pool.run([noted] {}, [noted] {});
    noted.reset();
    io.restart();
    io.run();
    ASSERT_EQ(gone, std::this_thread::get_id()) << "job " << i;
  }
}

TEST(BlockingPool, IsBusyWhileAJobRuns) {
  boost::asio::io_context io;
  BlockingPool pool(io);
  EXPECT_FALSE(pool.busy());
  std::latch go(1);
  bool busy_after = true;
  pool.run([&] { go.wait(); }, [&] { busy_after = pool.busy(); });
  EXPECT_TRUE(pool.busy());
  go.count_down();
  io.run();
  EXPECT_FALSE(busy_after);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryCanBeLimited = false;  // a sanitizer takes terabytes of addresses
#else
constexpr bool kMemoryCanBeLimited = true;
#endif

// In a process of its own: the C library keeps the stacks of threads that have ended, and gives them to the next ones.
TEST(BlockingPoolDeathTest, AJobWaitsForAThreadThatTheSystemDoesNotGive) {
  if (!kMemoryCanBeLimited) GTEST_SKIP();
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto has_waited_and_is_done = [] {
    boost::asio::io_context io;
    BlockingPool pool(io);
    bool done = false;
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_AS, &limit) != 0) return false;
    struct rlimit none = limit;
    none.rlim_cur = 1;  // no stack for a thread
    if (::setrlimit(RLIMIT_AS, &none) != 0) return false;
    pool.run([] {}, [&] { done = true; });
    const auto pause = std::chrono::milliseconds(300);  // some tries
    io.run_for(pause);
    const bool waits = pool.busy() && !done;
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return false;
    io.run_for(std::chrono::seconds(20));
    return waits && done;
  };
  EXPECT_EXIT(std::_Exit(has_waited_and_is_done() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(BlockingPool, AtItsEndItWaitsForWhatRunsAndDropsTheRest) {
  boost::asio::io_context io;
  std::atomic<int> worked = 0;
  int done = 0;
  {
    BlockingPool pool(io, 1);
    std::latch started(1);
    pool.run(
        [&] {
          started.count_down();
          ++worked;
        },
        [&] { ++done; });
    started.wait();
    for (int i = 0; i < 100; ++i) pool.run([&] { ++worked; }, [] {});
  }
  EXPECT_GE(worked, 1);
  EXPECT_EQ(done, 0);
}

}  // namespace
}  // namespace common
