// Talks to HAProxy's runtime socket: one connection an exchange, all commands of it at once, one reply each. Used by
// the driver, on the loop's thread. A deadline covers every exchange, because HAProxy answers some faults with silence.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"

namespace synapse::haproxy {

class RuntimeSocket {
 public:
  // `path`: a unix socket, or host:port (an IP address) for a socket on TCP, as in `stats socket`.
  explicit RuntimeSocket(std::string path) : path_(std::move(path)) {}

  // The replies in the order of the commands. An error says which step failed; what HAProxy has then done is unknown.
  boost::asio::awaitable<common::Result<std::vector<std::string>>> exchange(
      const std::vector<std::string>& commands, std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One command to the master of an HAProxy in master-worker mode, and all that it answers.
boost::asio::awaitable<common::Result<std::string>> ask_master(std::string path, std::string command);

}  // namespace synapse::haproxy
