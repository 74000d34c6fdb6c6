// The admin API's HTTP/1.1 server: keep-alive, small bounds (8 KiB of header, 64 KiB of body, 64 connections, 30 s of
// silence). Loop thread only.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/http/routes.h"
#include "common/result.h"

namespace common::http {

class Server {
 public:
  // Binds and listens now. Port 0 takes a free one. The error names address, port and the reason.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, const std::string& address,
                                                              int port, Routes routes);
  ~Server();  // closes the listener and every connection

  int port() const;

 private:
  class Core;
  explicit Server(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace common::http
