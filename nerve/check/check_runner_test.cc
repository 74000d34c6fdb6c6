#include "nerve/check/check_runner.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/task_group.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::Optional;
using testing::StartsWith;

// Answers after a while, and counts how many runs overlap.
class SlowCheck : public Check {
 public:
  SlowCheck(milliseconds takes, int& most_at_once) : takes_(takes), most_at_once_(most_at_once) {}

  asio::awaitable<Answer> run() override {
    most_at_once_ = std::max(most_at_once_, ++running_);
    const auto ended = [this](void*) { --running_; };
    const std::unique_ptr<void, decltype(ended)> guard(this, ended);
    asio::steady_timer timer(co_await asio::this_coro::executor, takes_);
    co_await timer.async_wait(asio::use_awaitable);
    co_return Answer{true, {}};
  }
  std::string target() const override { return "somewhere:80"; }

 private:
  milliseconds takes_;
  int& most_at_once_;
  int running_ = 0;
};

struct Outcome {
  std::vector<Answer> answers;
  int most_at_once = 0;
  bool ended = false;
};

asio::awaitable<void> wait_for_end(common::TaskGroup& tasks, bool& ended) {
  co_await tasks.wait();
  ended = true;
}

// Runs a check until it has answered `count` times, then cancels it.
Outcome run_check(milliseconds takes, milliseconds interval, milliseconds timeout, std::size_t count) {
  asio::io_context io;
  Outcome run;
  common::TaskGroup tasks(io);
  common::TaskGroup waiting(io);
  CheckRunner runner(std::make_unique<SlowCheck>(takes, run.most_at_once), {.timeout = timeout, .interval = interval},
                     [&](const Answer& answer, const CheckRunner::Timing&) {
                       run.answers.push_back(answer);
                       if (run.answers.size() == count) {
                         tasks.cancel();
                         waiting.spawn("wait", wait_for_end(tasks, run.ended));
                       }
                       return false;
                     });
  tasks.spawn("check", runner.run(milliseconds(0)));
  io.run_for(std::chrono::seconds(10));
  return run;
}

TEST(CheckRunner, AsksAgainAndAgain) {
  const Outcome run = run_check(milliseconds(0), milliseconds(1), milliseconds(1000), 5);
  EXPECT_EQ(run.answers.size(), 5u);
  for (const Answer& answer : run.answers) EXPECT_TRUE(answer.passed);
  EXPECT_TRUE(run.ended) << "cancelling must end it";
}

TEST(CheckRunner, FailsACheckThatDoesNotAnswerInTime) {
  const Outcome run = run_check(milliseconds(60'000), milliseconds(1), milliseconds(5), 2);
  ASSERT_EQ(run.answers.size(), 2u);
  EXPECT_FALSE(run.answers[0].passed);
  EXPECT_EQ(run.answers[0].reason, "no answer from somewhere:80 within 5 ms");
}

TEST(CheckRunner, NeverRunsACheckTwiceAtOnce) {
  const Outcome run = run_check(milliseconds(4), milliseconds(1), milliseconds(1000), 4);
  EXPECT_EQ(run.most_at_once, 1);
}

TEST(CheckRunner, CancellingEndsACheckUnderWayWithoutAnAnswer) {
  asio::io_context io;
  int most_at_once = 0;
  int answers = 0;
  common::TaskGroup tasks(io);
  CheckRunner runner(std::make_unique<SlowCheck>(milliseconds(60'000), most_at_once),
                     {.timeout = milliseconds(60'000), .interval = milliseconds(1)},
                     [&](const Answer&, const CheckRunner::Timing&) {
                       ++answers;
                       return false;
                     });
  tasks.spawn("check", runner.run(milliseconds(0)));
  while (most_at_once == 0) io.run_one();
  tasks.cancel();
  io.run_for(std::chrono::seconds(10));
  EXPECT_EQ(tasks.size(), 0u);
  EXPECT_EQ(answers, 0);
}

// Never answers, and does not react to being cancelled.
class StuckCheck : public Check {
 public:
  explicit StuckCheck(asio::steady_timer& released) : released_(released) {}
  asio::awaitable<Answer> run() override {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    boost::system::error_code ignored;
    co_await released_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return Answer{true, {}};
  }
  std::string target() const override { return "nowhere"; }

 private:
  asio::steady_timer& released_;
};

TEST(CheckRunner, TellsWhenItMakesNoProgress) {
  using std::chrono::seconds;
  asio::io_context io;
  asio::steady_timer released(io, asio::steady_timer::time_point::max());
  common::TaskGroup tasks(io);
  CheckRunner runner(std::make_unique<StuckCheck>(released), {.timeout = milliseconds(1), .interval = seconds(2)},
                     [&](const Answer&, const CheckRunner::Timing&) {
                       tasks.cancel();
                       return false;
                     });
  const auto now = [] { return std::chrono::steady_clock::now(); };
  EXPECT_EQ(runner.stalled(now() + seconds(100)), std::nullopt) << "it was not started";
  const auto before = now();
  tasks.spawn("check", runner.run(seconds(0)));
  const auto says_running = [&] {
    return runner.stalled(now() + seconds(8)).value_or("").starts_with("has been running for ");
  };
  for (int i = 0; i < 2000 && !says_running(); ++i) io.run_one_for(milliseconds(10));
  const auto after = now();
  EXPECT_EQ(runner.stalled(before + seconds(6)), std::nullopt);
  EXPECT_THAT(runner.stalled(after + seconds(8)), Optional(StartsWith("has been running for ")));
  released.cancel();
  io.run_for(seconds(5));
  EXPECT_EQ(tasks.size(), 0u);
}

TEST(CheckRunner, TellsWhenItIsNotStarted) {
  using std::chrono::seconds;
  asio::io_context io;
  int most_at_once = 0;
  common::TaskGroup tasks(io);
  CheckRunner runner(std::make_unique<SlowCheck>(milliseconds(0), most_at_once),
                     {.timeout = seconds(1), .interval = seconds(2)},
                     [](const Answer&, const CheckRunner::Timing&) { return false; });
  tasks.spawn("check", runner.run(seconds(3)));
  io.run_for(milliseconds(20));
  const auto due = std::chrono::steady_clock::now() + seconds(3);
  EXPECT_EQ(runner.stalled(due + seconds(7)), std::nullopt);
  EXPECT_EQ(runner.stalled(due + seconds(9)), "has been due for 9 s");
  tasks.cancel();
  io.run_for(seconds(5));
}

}  // namespace
}  // namespace nerve
