// The admin API's HTTP/1.1 server, on TCP and on a unix socket: keep-alive, small bounds. For each of the two: 64
// connections, of which the one that is silent or slow for the longest makes room for another one (Places), and 16 MiB
// of answers that wait to be read. For each connection: 8 KiB of header and 64 KiB of body; 30 s until a request is
// there as a whole, and 30 s until its answer is read; requests that come at once are answered one after the other. A
// client that closes its connection before it has its answer, be it only its sending half, gets none; what it asked for
// goes on. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/http/routes.h"
#include "common/http/server_options.h"
#include "common/result.h"

namespace common::http {

class Server {
 public:
  // Binds and listens now. Port 0 takes a free one. The error names address, port and the reason.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, const std::string& address,
                                                              int port, Routes routes, ServerOptions options = {});
  ~Server();  // closes the listeners and every connection

  // Listens on a unix socket, too (mode 0660), with the same routes. The socket file of a process that has ended is
  // replaced; ours is removed at the end.
  [[nodiscard]] Result<void> listen_on_socket(const std::string& path);

  int port() const;

 private:
  class Core;
  explicit Server(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace common::http
