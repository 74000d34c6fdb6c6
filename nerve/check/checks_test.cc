// The kinds of checks against real sockets and programs of this machine.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "common/http/client.h"
#include "common/runtime/resolver.h"
#include "common/runtime/task_group.h"
#include "common/runtime/turns.h"
#include "nerve/check/check_runner.h"
#include "nerve/check/connect.h"
#include "nerve/check/kinds.h"

namespace nerve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Takes one connection after the other, reads a request and sends `answer`, the part behind `pause_at` somewhat later,
// then `filler` for as long as it is taken.
struct FakeServer {
  FakeServer(asio::io_context& loop, std::string given_answer, std::string given_filler = "")
      : io(loop),
        acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answer(std::move(given_answer)),
        filler(std::move(given_filler)),
        tasks(io) {
    tasks.spawn("fake server", serve());
  }
  // What is cancelled ends on the loop, and needs the acceptor until then.
  ~FakeServer() {
    tasks.cancel();
    io.restart();
    while (tasks.size() > 0) io.run_one();
  }

  int port() const { return acceptor.local_endpoint().port(); }

  asio::awaitable<void> serve() {
    for (;;) {
      boost::system::error_code error;
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      request.clear();
      co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n",
                                      asio::redirect_error(asio::use_awaitable, error));
      const auto begin = answer.substr(0, pause_at);
      const auto end = answer.substr(begin.size());
      co_await asio::async_write(socket, asio::buffer(begin), asio::redirect_error(asio::use_awaitable, error));
      if (!end.empty()) {
        asio::steady_timer pause(io, std::chrono::milliseconds(5));
        co_await pause.async_wait(asio::use_awaitable);
        co_await asio::async_write(socket, asio::buffer(end), asio::redirect_error(asio::use_awaitable, error));
      }
      while (!filler.empty() && !error) {
        co_await asio::async_write(socket, asio::buffer(filler), asio::redirect_error(asio::use_awaitable, error));
      }
    }
  }

  asio::io_context& io;
  tcp::acceptor acceptor;
  std::string answer;
  std::string filler;
  std::size_t pause_at = std::string::npos;
  std::string request;
  common::TaskGroup tasks;
};

class Checks : public testing::Test {
 protected:
  static CheckConfig config(std::string type, int on_port) {
    CheckConfig result;
    result.type = std::move(type);
    result.host = "127.0.0.1";
    result.port = on_port;
    result.timeout = std::chrono::seconds(30);
    if (result.type == "http") result.options = HttpOptions{"/health"};
    return result;
  }

  // One answer, through the runner.
  Answer ask(const CheckConfig& check) {
    std::optional<Answer> got;
    common::TaskGroup tasks(io);
    CheckRunner runner(make_check(check, CheckContext{resolver, client, brokers, turns}), check,
                       [&](const Answer& answer, const CheckRunner::Timing&) {
                         got = answer;
                         tasks.cancel();
                         return false;
                       });
    tasks.spawn("check", runner.run(std::chrono::milliseconds(0)));
    io.restart();  // it stops when nothing is left to do
    while (tasks.size() > 0) io.run_one();
    return got.value();
  }

  Answer ask_http(std::string answer, std::string filler = "") {
    FakeServer server(io, std::move(answer), std::move(filler));
    port = server.port();
    const Answer got = ask(config("http", port));
    request = server.request;
    return got;
  }

  Answer ask_exec(std::vector<std::string> command, int timeout_ms = 5000,
                  std::map<std::string, std::string> environment = {}) {
    CheckConfig exec = config("exec", 1);
    exec.options = ExecOptions{std::move(command), std::move(environment)};
    exec.timeout = std::chrono::milliseconds(timeout_ms);
    return ask(exec);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port) + "/health"; }

  asio::io_context io;
  common::Resolver resolver{io};
  common::http::Client client{io, resolver};
  common::BlockingPool brokers{io};
  common::Turns turns{io, 2, [](std::size_t) {}};
  int port = 0;
  std::string request;
};

int unused_port(asio::io_context& io) {
  return tcp::acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)).local_endpoint().port();
}

TEST_F(Checks, TcpPassesWhenTheConnectionOpens) {
  FakeServer server(io, "");
  const Answer answer = ask(config("tcp", server.port()));
  EXPECT_TRUE(answer.passed) << answer.reason;
  EXPECT_EQ(answer.reason, "");
}

TEST_F(Checks, TcpNamesWhoRefused) {
  port = unused_port(io);
  const Answer answer = ask(config("tcp", port));
  EXPECT_FALSE(answer.passed);
  EXPECT_EQ(answer.reason, "connection refused by 127.0.0.1:" + std::to_string(port));
}

// A queue that is full lets the next one wait, as a host that is far away does.
class FullQueue {
 public:
  explicit FullQueue(asio::io_context& io) : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0), false) {
    acceptor_.listen(0);
    while (waiting_.emplace_back(acceptor_.local_endpoint()).state() == OpeningConnection::State::open) {
    }
    waiting_.pop_back();  // it would come before the one that is looked at
  }
  int port() const { return acceptor_.local_endpoint().port(); }
  void take_all() {
    acceptor_.non_blocking(true);
    boost::system::error_code none;
    while (!none) acceptor_.accept(none);
  }

 private:
  tcp::acceptor acceptor_;
  std::vector<OpeningConnection> waiting_;
};

TEST_F(Checks, TcpWaitsForAConnectionThatDoesNotOpenAtOnce) {
  FullQueue queue(io);
  CheckConfig tcp = config("tcp", queue.port());
  tcp.timeout = std::chrono::milliseconds(20);
  EXPECT_EQ(ask(tcp).reason, "no answer from 127.0.0.1:" + std::to_string(queue.port()) + " within 20 ms");
  EXPECT_FALSE(ask(tcp).passed) << "it begins anew each time";

  tcp.timeout = std::chrono::seconds(30);  // the kernel tries again after one second
  asio::steady_timer later(io, std::chrono::milliseconds(20));
  later.async_wait([&](const auto&) { queue.take_all(); });
  const Answer answer = ask(tcp);
  EXPECT_TRUE(answer.passed) << answer.reason;
}

TEST_F(Checks, TcpTriesEveryAddressOfAName) {
  FakeServer server(io, "");
  CheckConfig tcp = config("tcp", server.port());
  tcp.host = "localhost";
  const Answer answer = ask(tcp);
  EXPECT_TRUE(answer.passed) << answer.reason;
  EXPECT_FALSE(resolver.busy());
}

TEST_F(Checks, HttpPassesUnlessTheStatusIs5xx) {
  EXPECT_TRUE(ask_http("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").passed);
  EXPECT_TRUE(ask_http("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").passed);
  EXPECT_TRUE(ask_http("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n").passed);
  EXPECT_TRUE(ask_http("HTTP/1.0 200 OK\r\n\r\nanything").passed);
  const Answer answer = ask_http("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(answer.passed);
  EXPECT_EQ(answer.reason, "HTTP 503 from " + url());
}

TEST_F(Checks, HttpSendsAnOrdinaryRequest) {
  ask_http("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(request.substr(0, request.find("\r\n")), "GET /health HTTP/1.1");
  EXPECT_NE(request.find("Host: 127.0.0.1:" + std::to_string(port)), std::string::npos) << request;
  EXPECT_NE(request.find("Connection: close"), std::string::npos) << request;
}

TEST_F(Checks, HttpNamesAnAnswerThatIsNone) {
  Answer answer = ask_http("");
  EXPECT_EQ(answer.reason, url() + " closed the connection without an answer");
  answer = ask_http("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_EQ(answer.reason, "the answer of " + url() + " is not HTTP: bad version");
}

TEST_F(Checks, HttpReadsABodyInWhateverPartsItComes) {
  const auto ask_for_it = [this](std::string answer) {
    FakeServer server(io, std::move(answer));
    CheckConfig http = config("http", server.port());
    std::get<HttpOptions>(http.options).expect_body = "needle";
    return ask(http);
  };
  EXPECT_TRUE(ask_for_it("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle").passed);
  EXPECT_TRUE(ask_for_it("HTTP/1.1 200 OK\r\n\r\nneedle").passed);
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnee\r\n3\r\ndle\r\n0\r\n\r\n";
  EXPECT_TRUE(ask_for_it(chunks).passed);
  const std::string hay(40'000, 'x');
  EXPECT_TRUE(ask_for_it("HTTP/1.1 200 OK\r\nContent-Length: 40006\r\n\r\n" + hay + "needle").passed);
  EXPECT_FALSE(ask_for_it("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nneedl").passed);
}

TEST_F(Checks, HttpReadsAnAnswerThatPausesAnywhere) {
  const std::string text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Gone\r\nContent-Length: 3\r\n\r\nbye";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    FakeServer server(io, text);
    server.pause_at = at;
    port = server.port();
    const auto reason = ask(config("http", port)).reason;
    const std::string status = "HTTP 503 from " + url();
    // A body that comes too late may be missing.
    const bool all = at < text.size() - 3;
    EXPECT_EQ(all ? reason : reason.substr(0, status.size()), all ? status + ": bye" : status) << "after " << at;
  }
}

TEST_F(Checks, HttpSendsARequestThatIsLargerThanTheSocketsBuffer) {
  FakeServer server(io, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CheckConfig http = config("http", server.port());
  auto& options = std::get<HttpOptions>(http.options);
  for (int i = 0; i < 150; ++i) options.headers["X-" + std::to_string(i)] = std::string(60'000, 'x');
  options.headers["User-Agent"] = "probe";
  const Answer answer = ask(http);
  EXPECT_TRUE(answer.passed) << answer.reason;
  EXPECT_GT(server.request.size(), 8'000'000u);
  EXPECT_NE(server.request.find("User-Agent: probe\r\n"), std::string::npos);
  EXPECT_EQ(server.request.find("User-Agent: nerve"), std::string::npos);
}

TEST_F(Checks, HttpDoesNotWaitForABodyWithoutEnd) {
  const Answer answer = ask_http("HTTP/1.1 200 OK\r\n\r\n", std::string(4096, 'x'));
  EXPECT_TRUE(answer.passed) << answer.reason;
}

TEST_F(Checks, HttpRefusesAHeaderWithoutEnd) {
  const Answer answer = ask_http("HTTP/1.1 200 OK\r\n", "X-Filler: " + std::string(4096, 'x') + "\r\n");
  EXPECT_FALSE(answer.passed);
  EXPECT_EQ(answer.reason.find("the answer of " + url() + " is not HTTP: "), 0u) << answer.reason;
}

TEST_F(Checks, HttpTellsWhenThereIsNoAnswerInTime) {
  tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  port = silent.local_endpoint().port();
  CheckConfig http = config("http", port);
  http.timeout = std::chrono::milliseconds(20);
  EXPECT_EQ(ask(http).reason, "no answer from " + url() + " within 20 ms");
}

TEST_F(Checks, ExecPassesWithStatusZero) {
  EXPECT_TRUE(ask_exec({"true"}).passed);
}

TEST_F(Checks, ExecGivesWhatTheProgramSaid) {
  EXPECT_EQ(ask_exec({"sh", "-c", "echo disk full; exit 2"}).reason, "sh: exit status 2: disk full");
  EXPECT_EQ(ask_exec({"sh", "-c", "printf 'two\\nlines'; exit 1"}).reason, "sh: exit status 1: two lines");
  EXPECT_EQ(ask_exec({"/does/not/exist"}).reason, "/does/not/exist: cannot start: No such file or directory");
}

TEST_F(Checks, ExecAddsItsEnvironmentToOurs) {
  ::setenv("NERVE_TEST_OURS", "ours", 1);
  const std::vector<std::string> command{"sh", "-c", "echo $NERVE_TEST_OURS $EXTRA; exit 1"};
  EXPECT_EQ(ask_exec(command, 5000, {{"EXTRA", "a b"}}).reason, "sh: exit status 1: ours a b");
}

TEST_F(Checks, ExecKeepsOnlyTheStartOfALongOutput) {
  const auto reason = ask_exec({"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; exit 1"}).reason;
  EXPECT_EQ(reason, "sh: exit status 1: " + std::string(300, 'x'));
}

TEST_F(Checks, ExecIsKilledAtTheTimeout) {
  EXPECT_EQ(ask_exec({"sh", "-c", "echo waiting; sleep 60"}, 2000).reason, "sh: timed out after 2000 ms: waiting");
}

}  // namespace
}  // namespace nerve
