// An HTTP client for what a few lines of Beast do not do: TLS, HTTP/2, proxies, redirects. libcurl, driven by the loop
// and loaded when the first exchange begins; a connection for each exchange. Names are looked up by our Resolver:
// curl's own would start a thread for each, and wait for it when cancelled. The environment's proxies are not used. One
// for a process, owned by App. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/result.h"

namespace common {
class Resolver;
}

namespace common::http {

struct Proxy {
  std::string host;
  int port = 0;
  std::string username;  // empty: none; else Basic
  std::string password;
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;                             // http or https
  std::map<std::string, std::string> headers;  // replace those that are sent by default
  std::string body;
  std::string target;                          // the url's name in messages; empty: the url without user, password, query
  std::string at_host;                         // who is asked in place of the url's host; empty: that one
  bool prefer_ipv4 = false;                    // which of its addresses is tried first
  std::string unix_socket;                     // path; empty: TCP
  Proxy proxy;                                 // without host: none
  bool verify = true;                          // the certificate, and that it is for the url's host
  std::string ca_file;                         // PEM; empty: the system's
  bool http2 = false;                          // https: offered; http: taken for granted
  int max_redirects = 0;                       // 0: a redirect is an answer like any other
  std::size_t max_body = 65536;                // the rest is not read
  std::chrono::milliseconds body_may_take{0};  // after the header; then what is there by then counts. 0: no limit
};

struct ClientAnswer {
  int status = 0;
  std::string target;                         // who answered, for messages: another one than asked after a redirect
  std::map<std::string, std::string> fields;  // headers and trailers; names in lower case, the last of equal ones
  std::string body;                           // max_body at most
};

class Client {
 public:
  Client(boost::asio::io_context& io, Resolver& resolver);
  ~Client();

  // Any answer is a success, whatever its status. The error is for an operator and names the target. No time limit of
  // its own; cancellation closes the connection.
  boost::asio::awaitable<Result<ClientAnswer>> exchange(ClientRequest request);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::http
