// Waiting on the loop for a socket that belongs to a client library, which opens and closes it.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace nerve {

struct Readiness {
  bool read = false;
  bool write = false;
};

// Returns what the socket is ready for, of what is wanted (one at least). A socket whose connection failed or was
// closed is ready for everything. The library must not close the socket meanwhile.
boost::asio::awaitable<Readiness> wait_until_ready(int socket, Readiness wanted);

}  // namespace nerve
