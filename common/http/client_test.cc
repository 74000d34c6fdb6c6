// Against small servers of this machine; TLS, HTTP/2 and proxies are the integration tests' matter.
#include "common/http/client.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "common/runtime/deadline.h"
#include "common/runtime/resolver.h"
#include "common/runtime/task_group.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Gives one answer of the list to each connection, the last one again and again, and closes, unless told to hold on.
template <class Protocol>
struct ScriptedServer {
  ScriptedServer(asio::io_context& io, const typename Protocol::endpoint& at) : acceptor(io, at), tasks(io) {}
  ~ScriptedServer() { tasks.cancel(); }

  void start() { tasks.spawn("scripted server", serve()); }

  asio::awaitable<void> serve() {
    for (std::size_t i = 0;; ++i) {
      boost::system::error_code error;
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      std::string request;
      co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n",
                                      asio::redirect_error(asio::use_awaitable, error));
      requests.push_back(request);
      const std::string answer = answers[std::min(i, answers.size() - 1)];
      co_await asio::async_write(socket, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
      if (!hold) continue;
      char byte = 0;
      co_await socket.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, error));
      ++left;
    }
  }

  typename Protocol::acceptor acceptor;
  std::vector<std::string> answers;
  std::vector<std::string> requests;
  bool hold = false;
  int left = 0;  // clients that went away first
  TaskGroup tasks;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nX-Name: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string redirect(const std::string& to, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + to + "\r\nContent-Length: 4\r\n\r\nmove";
}

class ClientTest : public testing::Test {
 protected:
  using Server = ScriptedServer<tcp>;

  ClientTest() {
    // Never to be used.
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    ::setenv("no_proxy", "*", 1);
  }

  Server& serve(std::vector<std::string> answers) {
    auto& server =
        *servers_.emplace_back(std::make_unique<Server>(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)));
    server.answers = std::move(answers);
    server.start();
    return server;
  }

  static std::string url(const Server& server, const std::string& path = "/health") {
    return "http://127.0.0.1:" + std::to_string(server.acceptor.local_endpoint().port()) + path;
  }

  static ClientRequest get(const std::string& url) {
    ClientRequest request;
    request.url = url;
    return request;
  }

  // Nothing when it takes longer than `limit`.
  std::optional<Result<ClientAnswer>> try_exchange(ClientRequest request, std::chrono::milliseconds limit) {
    std::optional<Result<ClientAnswer>> got;
    TaskGroup tasks(io_);
    tasks.spawn("exchange", keep(with_deadline(client_.exchange(std::move(request)), limit), got));
    io_.restart();
    while (tasks.size() > 0) io_.run_one();
    return got;
  }

  Result<ClientAnswer> exchange(ClientRequest request) {
    auto got = try_exchange(std::move(request), std::chrono::seconds(10));
    return got ? *std::move(got) : fail("too slow");
  }

  std::string error_of(ClientRequest request) {
    const auto got = exchange(std::move(request));
    return got ? "HTTP " + std::to_string(got->status) : got.error().message;
  }

  static asio::awaitable<void> keep(asio::awaitable<std::optional<Result<ClientAnswer>>> exchange,
                                    std::optional<Result<ClientAnswer>>& got) {
    got = co_await std::move(exchange);
  }

  asio::io_context io_;
  Resolver resolver_{io_};
  Client client_{io_, resolver_};
  std::vector<std::unique_ptr<Server>> servers_;
};

TEST_F(ClientTest, GivesStatusFieldsAndBody) {
  auto& server = serve({ok("hello")});
  const auto answer = exchange(get(url(server)));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->fields.at("x-name"), "a");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->target, url(server));
  EXPECT_EQ(server.requests[0].find("GET /health HTTP/1.1\r\n"), 0u) << server.requests[0];
}

TEST_F(ClientTest, SendsMethodHeadersAndBody) {
  auto& server = serve({ok("")});
  auto request = get(url(server));
  request.method = "PUT";
  request.headers = {{"Host", "example.org"}, {"X-Empty", ""}};
  request.body = "payload";
  ASSERT_TRUE(exchange(request));
  const std::string& sent = server.requests[0];
  EXPECT_EQ(sent.find("PUT /health HTTP/1.1\r\n"), 0u) << sent;
  EXPECT_NE(sent.find("Host: example.org\r\n"), std::string::npos) << sent;
  EXPECT_NE(sent.find("X-Empty:"), std::string::npos) << sent;
  EXPECT_NE(sent.find("Content-Length: 7\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Content-Type"), std::string::npos) << sent;
}

TEST_F(ClientTest, LooksNamesUpItself) {
  auto& server = serve({ok("")});
  const std::string port = std::to_string(server.acceptor.local_endpoint().port());
  auto request = get("http://no-such-name.invalid:" + port + "/");
  request.at_host = "localhost";
  request.prefer_ipv4 = true;
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_NE(server.requests[0].find("Host: no-such-name.invalid:" + port), std::string::npos);
}

TEST_F(ClientTest, ReadsNoMoreThanAskedFor) {
  auto& server = serve({ok(std::string(200'000, 'x'))});
  auto request = get(url(server));
  request.max_body = 1000;
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, std::string(1000, 'x'));
}

TEST_F(ClientTest, DoesNotWaitForABodyThatMayBeMissed) {
  auto& server = serve({"HTTP/1.1 503 Busy\r\n\r\npart"});
  server.hold = true;
  auto request = get(url(server));
  request.body_may_take = std::chrono::milliseconds(20);
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "part");
}

TEST_F(ClientTest, ClosesTheConnectionWhenCancelled) {
  auto& server = serve({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"});
  server.hold = true;
  std::optional<Result<ClientAnswer>> got;
  TaskGroup tasks(io_);
  tasks.spawn("exchange", keep(with_deadline(client_.exchange(get(url(server))), std::chrono::hours(1)), got));
  const std::chrono::seconds limit(20);
  while (server.requests.empty() && io_.run_one_for(limit) > 0) continue;
  tasks.cancel();
  while ((server.left == 0 || tasks.size() > 0) && io_.run_one_for(limit) > 0) continue;
  EXPECT_EQ(server.left, 1);
  EXPECT_FALSE(got && *got);
}

TEST_F(ClientTest, TellsWhyThereIsNoAnswer) {
  auto& server = serve({""});
  EXPECT_EQ(error_of(get(url(server))), url(server) + " closed the connection without an answer");
  server.answers = {"SSH-2.0-OpenSSH_9.2\r\n\r\n"};
  EXPECT_EQ(error_of(get(url(server))).find("the answer of " + url(server) + " is not HTTP: "), 0u);
  server.answers = {"HTTP/1.1 200 OK\r\nX-Long: " + std::string(70'000, 'x') + "\r\n\r\n"};
  EXPECT_EQ(error_of(get(url(server))), "the answer of " + url(server) + " has a header of more than 64 KiB");
  auto request = get(url(server));
  server.acceptor.close();
  EXPECT_EQ(error_of(request).find("connection refused by 127.0.0.1:"), 0u);
  EXPECT_EQ(error_of(get("http://")), "cannot ask http://: not a URL");
  EXPECT_EQ(error_of(get("ftp://127.0.0.1/")), "cannot ask ftp://127.0.0.1/: neither http nor https");
}

TEST_F(ClientTest, KeepsUserAndPasswordOutOfMessages) {
  auto& server = serve({""});
  auto with_password = url(server);
  with_password.insert(7, "me:secret@");
  EXPECT_EQ(error_of(get(with_password)), url(server) + " closed the connection without an answer");
}

TEST_F(ClientTest, FollowsRedirectsOnlyWhenAsked) {
  auto& server = serve({redirect("/there"), ok("arrived")});
  EXPECT_EQ(exchange(get(url(server)))->status, 302);
  server.requests.clear();
  auto request = get(url(server));
  request.max_redirects = 1;
  auto& other = serve({redirect("/there"), ok("arrived")});
  request.url = url(other);
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "arrived");
  EXPECT_EQ(answer->target, url(other, "/there"));
}

TEST_F(ClientTest, BoundsRedirects) {
  auto& server = serve({redirect("/again")});
  auto request = get(url(server));
  request.max_redirects = 3;
  EXPECT_EQ(error_of(request), url(server) + " redirects: more than 3 times");
  EXPECT_EQ(server.requests.size(), 4u);
  server.answers = {redirect("file:///etc/passwd")};
  EXPECT_EQ(error_of(request), url(server) + " redirects: to file:///etc/passwd, which is neither http nor https");
}

TEST_F(ClientTest, TakesNoSecretToAnotherServer) {
  auto& there = serve({ok("")});
  auto& here = serve({redirect(url(there, "/there"), 303)});
  auto request = get(url(here));
  request.method = "POST";
  request.body = "payload";
  request.headers = {{"authorization", "Basic c2VjcmV0"}, {"Cookie", "secret"}, {"Host", "here"}, {"X-Kept", "1"}};
  request.max_redirects = 1;
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  const std::string& sent = there.requests[0];
  EXPECT_EQ(sent.find("GET /there HTTP/1.1\r\n"), 0u) << sent;
  EXPECT_EQ(sent.find("uthorization"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Cookie"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Host: here"), std::string::npos) << sent;
  EXPECT_NE(sent.find("X-Kept: 1"), std::string::npos) << sent;
}

TEST_F(ClientTest, SpeaksThroughAUnixSocket) {
  using Local = asio::local::stream_protocol;
  std::string directory = testing::TempDir() + "client-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/socket";
  ScriptedServer<Local> server(io_, Local::endpoint(path));
  server.answers = {ok("local")};
  server.start();
  auto request = get("http://localhost/health");
  request.unix_socket = path;
  const auto answer = exchange(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "local");
  ::unlink(path.c_str());
  EXPECT_EQ(error_of(request), "cannot connect to " + path + ": No such file or directory");
  ::rmdir(directory.c_str());
}

}  // namespace
}  // namespace common::http
