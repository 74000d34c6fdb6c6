#include "common/http/socket_file.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>

namespace common::http {
namespace {

using Protocol = boost::asio::local::stream_protocol;

Error cannot_listen(const std::string& path, const std::string& reason) {
  return fail("cannot listen on the socket " + path + " for the API: " + reason);
}

// Makes room for our socket.
Result<void> remove_stale(boost::asio::local::stream_protocol::acceptor& acceptor, const Protocol::endpoint& endpoint) {
  const std::string path = endpoint.path();
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return cannot_listen(path, "there is a file of another kind; remove it");
  Protocol::socket probe(acceptor.get_executor());
  boost::system::error_code error;
  probe.open(Protocol(), error);
  if (!error) probe.non_blocking(true, error);  // a listener that is stopped must not stop us
  if (!error) probe.connect(endpoint, error);
  if (error != boost::asio::error::connection_refused) {
    return cannot_listen(path, "another process is using it; is nerve or synapse running already?");
  }
  if (::unlink(path.c_str()) != 0) return cannot_listen(path, std::strerror(errno));
  return {};
}

}  // namespace

Result<void> SocketFile::listen(Protocol::acceptor& acceptor, const std::string& path) {
  constexpr mode_t kMode = 0660;
  Protocol::endpoint endpoint;
  try {
    endpoint.path(path);
  } catch (const boost::system::system_error&) {
    return cannot_listen(path, "the path is too long");
  }
  if (auto removed = remove_stale(acceptor, endpoint); !removed) return removed.error();
  boost::system::error_code error;
  acceptor.open(Protocol(), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error) return cannot_listen(path, error.message());
  path_ = path;
  struct stat status {};
  // Nobody can connect before we listen, so the mode is right from the first connection on.
  if (::chmod(path.c_str(), kMode) != 0 || ::stat(path.c_str(), &status) != 0) {
    return cannot_listen(path, std::strerror(errno));
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  acceptor.listen(Protocol::acceptor::max_listen_connections, error);
  if (error) return cannot_listen(path, error.message());
  return {};
}

void SocketFile::remove() {
  struct stat status {};
  const bool ours =
      !path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (ours) ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace common::http
