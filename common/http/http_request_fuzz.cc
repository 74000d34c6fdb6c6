// What anybody who can connect sends to the admin API: bytes on a connection, to a server with a token.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "common/fuzz/target.h"
#include "common/http/access.h"
#include "common/http/server.h"
#include "common/http/visitor.h"

namespace {

using namespace common::http;
using common::fuzz::must;

constexpr std::string_view kToken = "s3cret";

// The server asks this of requests that come by TCP only.
void is_judged(const Request& request) {
  const HostRules strict{.strict = true, .allowed = {".example.org"}, .own = {}};
  const HostRules lenient{.strict = false, .allowed = strict.allowed, .own = {}};
  const auto why = why_foreign(request, strict);
  must(!why || !why->empty(), "why it is foreign");
  must(why.has_value() || !why_foreign(request, lenient), "what the strict rules let in, the others do, too");
  const auto host = request.headers.find("host");
  if (host == request.headers.end() || why) return;
  must(is_known_host(host_of(host->second), strict), "only names that are known", host->second);
}

// A request as the handlers get it.
void is_request(const Request& request, const Arguments& arguments) {
  is_judged(request);
  must(!request.method.empty() && !common::fuzz::has_control(request.method), "method", request.method);
  must(request.path.starts_with('/') && !common::fuzz::has_control(request.path), "path", request.path);
  for (const auto& [name, value] : request.headers) {
    for (const char c : name) must(c > ' ' && c < 0x7F && (c < 'A' || c > 'Z'), "name of a header", name);
    must(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos, "one header",
         value);
  }
  for (const auto& [name, value] : request.query) must(!name.empty(), "name in a query", value);
  for (const auto& [name, value] : arguments) must(name == "name" || name == "weight", "argument", name);
}

Routes routes(Access& access) {
  Routes routes;
  routes.add("GET", "/", [](const Request& request, const Arguments& arguments, const Respond& respond) {
    is_request(request, arguments);
    respond({.status = 200, .body = "[]\n"});
  });
  routes.add("GET", "/services/:name", [](const Request& request, const Arguments& arguments, const Respond& respond) {
    is_request(request, arguments);
    respond(error_response(404, "there is no " + arguments.at("name")));
  });
  const Handler change = [](const Request& request, const Arguments& arguments, const Respond& respond) {
    is_request(request, arguments);
    const auto given = request.headers.find("authorization");
    must(given != request.headers.end() && given->second.ends_with(kToken), "only with the token");
    must(request.method == "PUT", "never by GET", request.method);
    respond({.status = 200, .body = query_flag(request, "wait") ? "true\n" : "false\n"});
  };
  access.add_changing(routes, "/services/:name/weight/:weight", change);
  return routes;
}

// One server for all inputs.
class Served {
 public:
  Served() : access_([](const std::string&) {}) {
    char name[] = "/tmp/http_fuzz_XXXXXX";
    directory_ = ::mkdtemp(name);
    access_.set(std::string(kToken), true);
    auto server = Server::listen(io_, "127.0.0.1", 0, routes(access_));
    must(server.has_value(), "listens");
    server_ = *std::move(server);
    must(server_->listen_on_socket(path()).has_value(), "listens on a socket");
  }
  ~Served() {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  // What the server sends until it closes the connection, all of the input being there at once.
  std::string exchange(std::string_view bytes) {
    const int client = connect();
    must(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()), "sent");
    ::shutdown(client, SHUT_WR);
    std::string received;
    for (;;) {
      char part[4096];
      const auto size = ::recv(client, part, sizeof part, MSG_DONTWAIT);
      if (size == 0 || (size < 0 && errno != EAGAIN)) break;
      if (size > 0) {
        received.append(part, static_cast<std::size_t>(size));
      } else {
        must(io_.run_one_for(std::chrono::seconds(5)) > 0, "the server does not keep who has said all");
      }
    }
    ::close(client);
    while (io_.poll_one() > 0) {
    }
    return received;
  }

 private:
  std::string path() const { return directory_ + "/api.sock"; }

  int connect() const {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    must(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connected");
    return client;
  }

  std::string directory_;
  boost::asio::io_context io_;
  Access access_;
  std::unique_ptr<Server> server_;
};

// Answers, one behind the other, and nothing between them.
void are_answers(std::string_view text) {
  const std::string shown(text);
  while (!text.empty()) {
    must(text.starts_with("HTTP/1."), "an answer", shown);
    const auto end = text.find("\r\n\r\n");
    must(end != std::string_view::npos, "a whole header", shown);
    const auto header = text.substr(0, end);
    constexpr std::string_view name = "\r\nContent-Length: ";
    const auto length = header.find(name);
    must(length != std::string_view::npos && header.find(name, length + 1) == std::string_view::npos, "length", shown);
    const auto size = std::stoul(std::string(header.substr(length + name.size(), 12)));
    text.remove_prefix(end + 4);
    // HEAD is answered without a body.
    if (text.empty() || text.starts_with("HTTP/1.")) continue;
    must(size <= text.size(), "a whole body", shown);
    text.remove_prefix(size);
  }
}

}  // namespace

FUZZ_TARGET(http_request) {
  static Served served;
  are_answers(served.exchange(bytes));
}
