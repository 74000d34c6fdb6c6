// A listening unix socket with its file. Loop thread only.
#pragma once

#include <string>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "common/result.h"

namespace common::http {

class SocketFile {
 public:
  SocketFile() = default;
  ~SocketFile() { remove(); }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // Binds `acceptor` to `path` with mode 0660 and listens. The socket of a process that has ended is replaced; one that
  // somebody listens on, or a file of another kind, is an error.
  [[nodiscard]] Result<void> listen(boost::asio::local::stream_protocol::acceptor& acceptor, const std::string& path);

  // Removes the file, unless somebody else has put another one in its place.
  void remove();

 private:
  std::string path_;  // empty: not listening
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace common::http
