#include "synapse/haproxy/runtime_socket.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "common/runtime/deadline.h"
#include "synapse/haproxy/advice.h"
#include "synapse/haproxy/runtime_codec.h"

namespace synapse::haproxy {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using common::fail;
using common::Result;
using Replies = std::vector<std::string>;

// HAProxy stops reading while it has a full buffer of unread answers: what is sent before the answers are read must fit
// into its own buffer (tune.bufsize, 16 kB).
constexpr std::size_t kMaxBytesAhead = 8 * 1024;

constexpr std::size_t kMaxMasterAnswer = 1024 * 1024;

std::optional<stream_protocol::endpoint> endpoint_of(const std::string& path) {
  if (path.starts_with('/')) {
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
    return asio::local::stream_protocol::endpoint(path);
  }
  const auto colon = path.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(path.substr(0, colon), error);
  const int port = std::atoi(path.c_str() + colon + 1);
  if (error || port < 1 || port > 65535) return std::nullopt;
  return asio::ip::tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

// On a unix socket it is done at once: the event loop has a say only where HAProxy has too many connections to accept.
asio::awaitable<void> connect(stream_protocol::socket& socket, const stream_protocol::endpoint& endpoint,
                              boost::system::error_code& error) {
  if (endpoint.protocol().family() == AF_UNIX) {
    socket.open(endpoint.protocol(), error);
    if (error) co_return;
    socket.non_blocking(true, error);
    if (error || ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) {
      co_return;
    }
    if (errno != EAGAIN) {
      error.assign(errno, boost::system::system_category());
      co_return;
    }
  }
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
}

// As a rule all of it fits into the socket's buffer.
asio::awaitable<void> send(stream_protocol::socket& socket, std::string_view text, boost::system::error_code& error) {
  const auto sent = ::send(socket.native_handle(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) {
    error.assign(errno, boost::system::system_category());
    co_return;
  }
  if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
  if (!text.empty()) {
    co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  }
}

// `connected` becomes true: from then on HAProxy may have done something.
asio::awaitable<Result<Replies>> converse(std::string path, std::string request_text,
                                          std::vector<std::size_t> chunk_ends, std::size_t count, bool& connected) {
  const auto endpoint = endpoint_of(path);
  if (!endpoint) {
    co_return fail("\"" + path +
                   "\" cannot be HAProxy's runtime socket: it must be a path of at most 107 characters, or "
                   "address:port");
  }
  boost::system::error_code error;
  const auto failed = [&](const std::string& step) { return fail(step + " " + path + ": " + error.message()); };

  stream_protocol::socket socket(co_await asio::this_coro::executor);
  co_await connect(socket, *endpoint, error);
  if (error) co_return fail(cannot_connect(path, error.value()));
  connected = true;

  Replies replies;
  ReplyReader reader;
  std::array<char, 16384> chunk;
  std::size_t sent = 0;
  std::size_t expected = 0;
  for (std::size_t part = 0; part < chunk_ends.size(); ++part) {
    const auto text = std::string_view(request_text).substr(sent, chunk_ends[part] - sent);
    for (const char letter : text) expected += letter == '\n' ? 1 : 0;
    co_await send(socket, text, error);
    if (error) co_return failed("cannot write to HAProxy's runtime socket");
    sent = chunk_ends[part];
    while (replies.size() < expected) {
      const auto got =
          co_await socket.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return failed("HAProxy closed the runtime socket");
      if (!reader.feed(std::string_view(chunk.data(), got))) {
        co_return fail("HAProxy's answer on " + path + " is too long");
      }
      while (auto reply = reader.next()) replies.push_back(std::move(*reply));
    }
  }
  if (replies.size() != count + 1) co_return fail("HAProxy gave more answers than commands on " + path);
  replies.erase(replies.begin());  // of `prompt` itself
  co_return replies;
}

// The master ends a connection only when it has seen the end of the commands.
asio::awaitable<Result<std::string>> ask_once(std::string path, std::string command) {
  const auto endpoint = endpoint_of(path);
  if (!endpoint) co_return fail("\"" + path + "\" cannot be a socket of HAProxy's master");
  boost::system::error_code error;
  stream_protocol::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(*endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail("cannot connect to " + path + ": " + error.message());
  command += '\n';
  co_await asio::async_write(socket, asio::buffer(command), asio::redirect_error(asio::use_awaitable, error));
  if (!error) socket.shutdown(stream_protocol::socket::shutdown_send, error);
  std::string answer;
  std::array<char, 4096> chunk;
  while (!error && answer.size() < kMaxMasterAnswer) {
    const auto got =
        co_await socket.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    answer.append(chunk.data(), got);
  }
  if (error != asio::error::eof) co_return fail("no whole answer on " + path + ": " + error.message());
  co_return answer;
}

}  // namespace

asio::awaitable<Result<std::string>> ask_master(std::string path, std::string command) {
  constexpr std::chrono::seconds kWithin{2};
  const auto where = path;
  auto answer = co_await common::with_deadline(ask_once(std::move(path), std::move(command)), kWithin);
  if (!answer) co_return fail("no answer on " + where);
  co_return std::move(*answer);
}

RuntimeSocket::RuntimeSocket(std::string path, const std::vector<std::string>& further,
                             std::function<void(const std::string& words)> on_replaced)
    : paths_{std::move(path)}, on_replaced_(std::move(on_replaced)) {
  paths_.insert(paths_.end(), further.begin(), further.end());
}

asio::awaitable<Result<Replies>> RuntimeSocket::exchange(const std::vector<std::string>& commands,
                                                         std::chrono::milliseconds timeout) {
  std::string text = "prompt\n";
  std::vector<std::size_t> chunk_ends;
  std::size_t begin = 0;
  for (const auto& command : commands) {
    if (text.size() - begin + command.size() > kMaxBytesAhead) {
      chunk_ends.push_back(text.size());
      begin = text.size();
    }
    text += command + "\n";
  }
  chunk_ends.push_back(text.size());
  Result<Replies> first = fail("");
  for (std::size_t tried = 0; tried < paths_.size(); ++tried) {
    const auto candidate = (present_ + tried) % paths_.size();
    bool connected = false;
    auto replies = co_await common::with_deadline(
        converse(paths_[candidate], text, chunk_ends, commands.size(), connected), timeout);
    if (!replies) {
      co_return fail("HAProxy has not answered on " + paths_[candidate] + " within " + std::to_string(timeout.count()) +
                     " ms");
    }
    if (connected) {
      if (tried != 0 && on_replaced_) on_replaced_(first.error().message + "; using " + paths_[candidate]);
      present_ = candidate;
      co_return std::move(*replies);
    }
    if (tried == 0) first = std::move(*replies);
  }
  co_return first;
}

}  // namespace synapse::haproxy
