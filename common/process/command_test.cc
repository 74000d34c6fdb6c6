#include "common/process/command.h"

#include <chrono>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/limits/limits.h"
#include "common/runtime/task_group.h"

namespace common {
namespace {

namespace asio = boost::asio;
using End = CommandResult::End;

asio::awaitable<void> run_into(CommandOptions options, CommandResult& result) {
  result = co_await run_command(std::move(options));
}

CommandResult run(CommandOptions options) {
  asio::io_context io;
  TaskGroup tasks(io);
  CommandResult result;
  tasks.spawn("command", run_into(std::move(options), result));
  io.run();
  return result;
}

CommandResult sh(const std::string& script, std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  return run({.argv = {"sh", "-c", script}, .timeout = timeout, .environment = {}});
}

TEST(Command, GivesExitStatusAndOutput) {
  const auto good = sh("echo out; echo err >&2");
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.output, "out\nerr\n");
  const auto bad = sh("echo no space left; exit 3");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.describe(), "exit status 3: no space left");
}

TEST(Command, SaysWhyItCannotStart) {
  EXPECT_EQ(run({.argv = {"/nowhere/at/all"}, .environment = {}}).describe(),
            "cannot start: No such file or directory");
  EXPECT_EQ(run({.argv = {}, .environment = {}}).describe(), "cannot start: Invalid argument");
}

TEST(Command, OfOneThatFailsItIsCountedThatNotAllIsKept) {
  const auto hits = [] { return limit_hits(Limit::command_output); };
  const auto five_of = [](const std::string& script) {
    const std::chrono::seconds timeout(20);
    return run({.argv = {"sh", "-c", script}, .timeout = timeout, .environment = {}, .max_output = 5}).output;
  };
  const auto before = hits();
  EXPECT_EQ(five_of("printf 12345; exit 1"), "12345");
  EXPECT_EQ(five_of("printf 123456"), "12345");
  EXPECT_EQ(hits(), before);
  EXPECT_EQ(five_of("printf 123456; exit 1"), "12345");
  EXPECT_EQ(hits(), before + 1);
}

TEST(Command, SaysWhichSignalEndedIt) {
  const auto result = sh("kill -9 $$");
  EXPECT_EQ(result.end, End::signalled);
  EXPECT_EQ(result.code, 9);
}

TEST(Command, KillsTheWholeGroupAtTheDeadline) {
  const auto result = sh("echo started; sleep 1000 & sleep 1000", std::chrono::milliseconds(50));
  EXPECT_EQ(result.end, End::timed_out);
  EXPECT_TRUE(result.describe().starts_with("timed out after 50 ms")) << result.describe();
}

TEST(Command, ABackgroundProcessNeitherDelaysNorSurvivesIt) {
  // The grandchild keeps the pipe open; its pid is in the output.
  const auto result = sh("sleep 1000 & echo $!");
  ASSERT_TRUE(result.ok());
  const std::string status_file = "/proc/" + std::to_string(std::stoi(result.output)) + "/cmdline";
  std::string command;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  do {  // a killed process is dismantled a moment later
    std::ifstream file(status_file);
    command.clear();
    std::getline(file, command);
  } while (!command.empty() && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(command, "");
}

TEST(Command, KeepsABoundedPartOfTheOutput) {
  const auto result = sh("head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.output.size(), 4096u);
}

TEST(Command, AddsToTheEnvironment) {
  const auto result = run({.argv = {"sh", "-c", "echo $HAP_CONFIG; test -n \"$PATH\""},
                           .timeout = std::chrono::seconds(20),
                           .environment = {{"HAP_CONFIG", "/etc/haproxy.cfg"}}});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.output, "/etc/haproxy.cfg\n");
}

TEST(Command, InheritsNoDescriptorOfOurs) {
  const int leak = ::dup(2);
  const auto result = sh("ls /proc/self/fd | wc -l");
  ::close(leak);
  EXPECT_EQ(std::stoi(result.output), 4);  // 0, 1, 2 and the directory that ls reads
}

TEST(Command, CancellationEndsIt) {
  asio::io_context io;
  TaskGroup tasks(io);
  CommandResult result;
  tasks.spawn("command",
              run_into({.argv = {"sleep", "1000"}, .timeout = std::chrono::hours(1), .environment = {}}, result));
  asio::post(io, [&] { tasks.cancel(); });
  io.run_for(std::chrono::seconds(20));
  EXPECT_EQ(tasks.size(), 0u);
}

}  // namespace
}  // namespace common
