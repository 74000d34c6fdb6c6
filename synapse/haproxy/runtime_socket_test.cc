#include "synapse/haproxy/runtime_socket.h"

#include <cstdlib>
#include <filesystem>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "common/runtime/task_group.h"

namespace synapse::haproxy {
namespace {

namespace asio = boost::asio;
using Replies = common::Result<std::vector<std::string>>;
using Local = asio::local::stream_protocol;

// Answers each line as HAProxy's prompt does; "quiet" gets no answer, "close" ends the connection.
asio::awaitable<void> serve(Local::acceptor& acceptor) {
  Local::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
  std::string input;
  boost::system::error_code error;
  for (;;) {
    const auto size = co_await asio::async_read_until(socket, asio::dynamic_buffer(input), '\n',
                                                      asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const auto line = input.substr(0, size - 1);
    input.erase(0, size);
    if (line == "close") co_return;
    if (line == "quiet") continue;
    const std::string answer = line == "prompt" ? "\n> " : "did " + line + "\n\n> ";
    co_await asio::async_write(socket, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
  }
}

// Long, where the deadline is not what is asked about.
constexpr std::chrono::seconds kWithin{30};

asio::awaitable<void> exchange_into(RuntimeSocket& socket, std::vector<std::string> commands, Replies& replies,
                                    std::chrono::milliseconds within = kWithin) {
  replies = co_await socket.exchange(commands, within);
}

class RuntimeSocketTest : public testing::Test {
 protected:
  RuntimeSocketTest() {
    std::string name = testing::TempDir() + "runtime_socket.XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~RuntimeSocketTest() override { std::filesystem::remove_all(directory_); }

  Replies exchange(const std::vector<std::string>& commands, std::chrono::milliseconds within = kWithin) {
    asio::io_context io;
    Local::acceptor acceptor(io, Local::endpoint(path()));
    common::TaskGroup tasks(io);
    RuntimeSocket socket(path());
    Replies replies = common::fail("not run");
    tasks.spawn("haproxy", serve(acceptor));
    tasks.spawn("exchange", exchange_into(socket, commands, replies, within));
    io.run();
    return replies;
  }
  static Replies exchange_with(const std::string& path) {
    asio::io_context io;
    common::TaskGroup tasks(io);
    RuntimeSocket socket(path);
    Replies replies = common::fail("not run");
    tasks.spawn("exchange", exchange_into(socket, {"x"}, replies));
    io.run();
    return replies;
  }
  std::string path() const { return directory_ + "/haproxy.sock"; }

  std::string directory_;
};

TEST_F(RuntimeSocketTest, GivesEachCommandItsReply) {
  std::vector<std::string> commands;
  for (int i = 0; i < 2000; ++i) commands.push_back("command " + std::to_string(i));
  const auto replies = exchange(commands);
  ASSERT_TRUE(replies.has_value()) << replies.error().message;
  ASSERT_EQ(replies->size(), commands.size());
  EXPECT_NE(replies->front().find("did command 0"), std::string::npos);
  EXPECT_NE(replies->back().find("did command 1999"), std::string::npos);
}

TEST_F(RuntimeSocketTest, SilenceEndsAtTheDeadline) {
  const auto replies = exchange({"a", "quiet"}, std::chrono::milliseconds(500));
  ASSERT_FALSE(replies.has_value());
  EXPECT_EQ(replies.error().message, "HAProxy has not answered on " + path() + " within 500 ms");
}

TEST_F(RuntimeSocketTest, ABrokenConnectionIsAnError) {
  const auto replies = exchange({"a", "close"});
  ASSERT_FALSE(replies.has_value());
  EXPECT_EQ(replies.error().message, "HAProxy closed the runtime socket " + path() + ": End of file");
}

TEST_F(RuntimeSocketTest, SaysWhatIsWrongWithTheSocket) {
  EXPECT_TRUE(exchange_with(path()).error().message.starts_with("cannot connect to HAProxy's runtime socket " + path() +
                                                                ": No such file or directory; start HAProxy"));
  EXPECT_EQ(exchange_with("nonsense").error().message,
            "\"nonsense\" cannot be HAProxy's runtime socket: it must be a path of at most 107 characters, or "
            "address:port");
}

TEST_F(RuntimeSocketTest, TakesTheNextSocketWhenOneCannotBeConnectedToAndKeepsIt) {
  asio::io_context io;
  Local::acceptor acceptor(io, Local::endpoint(path()));
  common::TaskGroup tasks(io);
  std::vector<std::string> said;
  RuntimeSocket socket(directory_ + "/no.sock", {directory_ + "/nor.sock", path()},
                       [&](const std::string& words) { said.push_back(words); });
  for (const auto* command : {"a", "b"}) {
    Replies replies = common::fail("not run");
    tasks.spawn("haproxy", serve(acceptor));
    tasks.spawn("exchange", exchange_into(socket, {command}, replies));
    io.restart();
    io.run();
    ASSERT_TRUE(replies.has_value()) << replies.error().message;
    EXPECT_NE(replies->front().find(std::string("did ") + command), std::string::npos);
  }
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("cannot connect to HAProxy's runtime socket " + directory_ + "/no.sock: "))
      << said[0];
  EXPECT_TRUE(said[0].ends_with("; using " + path())) << said[0];
  EXPECT_EQ(socket.path(), path());
}

TEST_F(RuntimeSocketTest, OfSeveralThatAreOfNoUseTheFirstIsTold) {
  asio::io_context io;
  common::TaskGroup tasks(io);
  RuntimeSocket socket(path(), {directory_ + "/nor.sock"});
  Replies replies = common::fail("not run");
  tasks.spawn("exchange", exchange_into(socket, {"x"}, replies));
  io.run();
  ASSERT_FALSE(replies.has_value());
  EXPECT_TRUE(replies.error().message.starts_with("cannot connect to HAProxy's runtime socket " + path() + ": "));
  EXPECT_EQ(socket.path(), path());
}

}  // namespace
}  // namespace synapse::haproxy
