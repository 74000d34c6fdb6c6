#include "common/http/server.h"

#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace common::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    Routes routes;
    routes.add("GET", "/hello/:name", [](const Request&, const Arguments& arguments, const Respond& respond) {
      respond({.status = 200, .body = "hello " + arguments.at("name")});
    });
    routes.add("PUT", "/slow", [this](const Request&, const Arguments&, Respond respond) {
      slow_.push_back(std::move(respond));
      later_.expires_after(std::chrono::milliseconds(1));
      later_.async_wait([this](auto) {
        for (const auto& waiting : slow_) waiting({.status = 200, .body = "done"});
        slow_.clear();
      });
    });
    routes.add("GET", "/headers", [](const Request& request, const Arguments&, const Respond& respond) {
      Response response;
      for (const auto& [name, value] : request.headers) response.body += name + "=" + value + ";";
      response.headers["X-Answer"] = "42";
      respond(std::move(response));
    });
    routes.add("PUT", "/never",
               [this](const Request&, const Arguments&, Respond respond) { never_.push_back(std::move(respond)); });
    auto listening = Server::listen(io_, "127.0.0.1", 0, std::move(routes));
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
    server_ = std::move(*listening);
    loop_ = std::thread([this] { io_.run(); });
  }
  void TearDown() override {
    asio::post(io_, [this] { server_.reset(); });
    loop_.join();
  }
  tcp::socket connect() {
    tcp::socket socket(client_);
    socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port())});
    return socket;
  }
  int port() { return server_->port(); }
  // What the server sends until it closes the connection.
  std::string exchange(const std::string& request) { return exchange(connect(), request); }
  template <class Socket>
  std::string exchange(Socket socket, const std::string& request) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(request), ignored);
    std::string reply;
    asio::read(socket, asio::dynamic_buffer(reply), ignored);
    return reply;
  }

  asio::io_context io_;
  asio::io_context client_;
  asio::steady_timer later_{io_};
  std::vector<Respond> slow_;
  std::vector<Respond> never_;
  std::unique_ptr<Server> server_;
  std::thread loop_;
};

TEST_F(ServerTest, AnswersAndCloses) {
  const auto reply = exchange("GET /hello/web%2F1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nhello web/1")) << reply;
}

TEST_F(ServerTest, KeepsTheConnectionForTheNextRequest) {
  auto socket = connect();
  std::string replies;
  for (const auto* name : {"a", "b"}) {
    asio::write(socket, asio::buffer(std::string("GET /hello/") + name + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    asio::read_until(socket, asio::dynamic_buffer(replies), std::string("hello ") + name);
  }
  EXPECT_TRUE(replies.ends_with("hello b"));
}

TEST_F(ServerTest, WaitsForAHandlerThatAnswersLater) {
  EXPECT_TRUE(exchange("PUT /slow HTTP/1.0\r\n\r\n").ends_with("done"));
}

TEST_F(ServerTest, SurvivesAClientThatDoesNotWait) {
  {
    auto socket = connect();
    asio::write(socket, asio::buffer(std::string("PUT /slow HTTP/1.1\r\nHost: x\r\n\r\n")));
  }
  EXPECT_TRUE(exchange("PUT /slow HTTP/1.0\r\n\r\n").ends_with("done"));
}

TEST_F(ServerTest, AClientThatDoesNotWaitLeavesItsConnectionToOthers) {
  for (int i = 0; i < 200; ++i) {
    auto socket = connect();
    asio::write(socket, asio::buffer(std::string("PUT /never HTTP/1.1\r\nHost: x\r\n\r\n")));
    const auto reply = exchange("GET /hello/" + std::to_string(i) + " HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(reply.ends_with("hello " + std::to_string(i))) << i << reply;
  }
}

TEST_F(ServerTest, AnswersRequestsThatCameBeforeTheFirstAnswer) {
  auto socket = connect();
  asio::write(socket, asio::buffer(std::string("PUT /slow HTTP/1.1\r\nHost: x\r\n\r\n"
                                               "GET /hello/a HTTP/1.1\r\nHost: x\r\n\r\n")));
  asio::write(socket, asio::buffer(std::string("GET /hello/b HTTP/1.0\r\n\r\n")));
  std::string replies;
  boost::system::error_code ignored;
  asio::read(socket, asio::dynamic_buffer(replies), ignored);
  const auto done = replies.find("done");
  const auto a = replies.find("hello a");
  EXPECT_TRUE(done < a && a < replies.find("hello b") && replies.ends_with("hello b")) << replies;
}

TEST_F(ServerTest, GivesTheHeadersOfBoth) {
  const auto reply =
      exchange("GET /headers HTTP/1.0\r\nHOST: x\r\nAuthorization: Bearer a\r\nVia: b\r\nvia: c\r\n\r\n");
  EXPECT_TRUE(reply.ends_with("\r\n\r\nauthorization=Bearer a;host=x;via=b, c;")) << reply;
  EXPECT_NE(reply.find("\r\nX-Answer: 42\r\n"), std::string::npos) << reply;
}

TEST_F(ServerTest, SaysWhatIsWrongWithARequest) {
  EXPECT_TRUE(exchange("GET /nowhere HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 404 "));
  EXPECT_TRUE(exchange("DELETE /slow HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 405 "));
  EXPECT_TRUE(exchange("GET /hello/%zz HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 400 "));
  EXPECT_TRUE(exchange("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const auto large = exchange("GET / HTTP/1.0\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(large.starts_with("HTTP/1.0 431 ")) << large;
}

TEST_F(ServerTest, APortInUseIsAClearError) {
  asio::io_context io;
  const auto second = Server::listen(io, "127.0.0.1", port(), Routes());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + std::to_string(port()) +
                                        " for the API: Address already in use; set apiHost and apiPort to something "
                                        "free");
  EXPECT_EQ(Server::listen(io, "localhost", 0, Routes()).error().message,
            "API address \"localhost\" is not an IP address");
}

}  // namespace
}  // namespace common::http
