// Talks to HAProxy's runtime socket: one connection an exchange, all commands of it at once, one reply each. Used by
// the driver, on the loop's thread. A deadline covers every exchange, because HAProxy answers some faults with silence.
// Where HAProxy has several sockets, the next one is taken when one cannot be connected to, and kept.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"

namespace synapse::haproxy {

class RuntimeSocket {
 public:
  // `path`: a unix socket, or host:port (an IP address) for a socket on TCP, as in `stats socket`.
  // `further`: other sockets of the same process. `on_replaced`: one of them is used from now on, and why.
  explicit RuntimeSocket(std::string path, const std::vector<std::string>& further = {},
                         std::function<void(const std::string& words)> on_replaced = {});

  // The replies in the order of the commands. An error says which step failed; what HAProxy has then done is unknown.
  boost::asio::awaitable<common::Result<std::vector<std::string>>> exchange(
      const std::vector<std::string>& commands, std::chrono::milliseconds timeout = std::chrono::seconds(5));

  const std::string& path() const { return paths_[present_]; }

 private:
  std::vector<std::string> paths_;
  std::size_t present_ = 0;
  std::function<void(const std::string&)> on_replaced_;
};

// One command to the master of an HAProxy in master-worker mode, and all that it answers.
boost::asio::awaitable<common::Result<std::string>> ask_master(std::string path, std::string command);

}  // namespace synapse::haproxy
