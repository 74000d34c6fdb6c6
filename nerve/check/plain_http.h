// One exchange in HTTP/1.1 without TLS, on a connection of its own: what most checks need, without libcurl.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"
#include "nerve/check/connect.h"

namespace nerve {

struct PlainRequest {
  ConnectTarget at;
  std::string unix_socket;  // path; empty: TCP
  std::string method = "GET";
  std::string path = "/";
  std::map<std::string, std::string> headers;  // replace those that are sent by default
  std::string body;
  std::string target;                          // for messages
  std::chrono::milliseconds body_may_take{0};  // after the header; then what is there by then counts. 0: no limit
};

struct PlainAnswer {
  int status = 0;
  std::string body;
};

// Sends the same request as often as it is run, each time on a new connection. Owned by a check.
class PlainExchange {
 public:
  explicit PlainExchange(PlainRequest request);

  // Any answer is a success, whatever its status. The error is for an operator and names the target. No time limit of
  // its own; must be cancelled from outside.
  boost::asio::awaitable<common::Result<PlainAnswer>> run(common::Resolver& resolver) const;

  const std::string& target() const { return request_.target; }

 private:
  PlainRequest request_;
  std::string text_;  // as it is sent
};

}  // namespace nerve
