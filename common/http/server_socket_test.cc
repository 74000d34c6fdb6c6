#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "common/file/write_atomically.h"
#include "common/http/server.h"

namespace common::http {
namespace {

namespace asio = boost::asio;
using UnixProtocol = asio::local::stream_protocol;

class ServerSocket : public testing::Test {
 protected:
  ~ServerSocket() override { ::unlink(path.c_str()); }

  std::unique_ptr<Server> server() {
    Routes routes;
    routes.add("GET", "/", [](const Request&, const Arguments&, const Respond& respond) {
      respond({.status = 200, .body = "hello"});
    });
    auto made = Server::listen(io, "127.0.0.1", 0, std::move(routes));
    return *std::move(made);
  }
  std::string error(Server& listening) {
    const auto result = listening.listen_on_socket(path);
    return result ? "" : result.error().message;
  }
  bool exists() const {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
  }

  asio::io_context io;
  const std::string path = testing::TempDir() + "api-" + std::to_string(::getpid());
};

TEST_F(ServerSocket, AnswersAndIsRemovedAtTheEnd) {
  auto listening = server();
  ASSERT_EQ(error(*listening), "");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0660u);

  asio::io_context client_io;
  UnixProtocol::socket client(client_io);
  client.connect(UnixProtocol::endpoint(path));
  asio::write(client, asio::buffer(std::string("GET / HTTP/1.0\r\n\r\n")));
  client.non_blocking(true);
  std::string reply;
  boost::system::error_code problem;
  for (int i = 0; i < 1000 && problem != asio::error::eof; ++i) {
    io.run_for(std::chrono::milliseconds(5));
    asio::read(client, asio::dynamic_buffer(reply), problem);
  }
  EXPECT_TRUE(reply.ends_with("hello")) << reply;

  listening.reset();
  EXPECT_FALSE(exists());
}

TEST_F(ServerSocket, TheSocketOfADeadProcessIsReplaced) {
  { UnixProtocol::acceptor dead(io, UnixProtocol::endpoint(path)); }
  ASSERT_TRUE(exists());
  auto listening = server();
  EXPECT_EQ(error(*listening), "");
}

TEST_F(ServerSocket, TheSocketOfALivingProcessIsNot) {
  auto first = server();
  ASSERT_EQ(error(*first), "");
  auto second = server();
  EXPECT_EQ(error(*second), "cannot listen on the socket " + path +
                                " for the API: another process is using it; is nerve or synapse running already?");
  second.reset();
  EXPECT_TRUE(exists()) << "it belongs to the first";
}

TEST_F(ServerSocket, AFileOfAnotherKindIsNotTouched) {
  ASSERT_TRUE(write_atomically(path, "precious").has_value());
  auto listening = server();
  EXPECT_EQ(error(*listening),
            "cannot listen on the socket " + path + " for the API: there is a file of another kind; remove it");
  EXPECT_EQ(read_file(path).value(), "precious");
}

TEST_F(ServerSocket, ASuccessorsSocketStays) {
  auto first = server();
  ASSERT_EQ(error(*first), "");
  ::unlink(path.c_str());
  auto second = server();
  ASSERT_EQ(error(*second), "");
  first.reset();
  EXPECT_TRUE(exists());
}

}  // namespace
}  // namespace common::http
