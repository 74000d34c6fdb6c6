#include "nerve/check/foreign_socket.h"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace nerve {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

// Gives the descriptor back instead of closing it, also when the wait is cancelled.
class Borrowed {
 public:
  Borrowed(const asio::any_io_executor& executor, int socket) : descriptor(executor, socket) {}
  ~Borrowed() { descriptor.release(); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  Descriptor descriptor;
};

}  // namespace

asio::awaitable<Readiness> wait_until_ready(int socket, Readiness wanted) {
  const auto executor = co_await asio::this_coro::executor;
  Borrowed borrowed(executor, socket);
  if (wanted.read && wanted.write) {
    auto [order, read_error, write_error] = co_await asio::experimental::make_parallel_group(
                                                borrowed.descriptor.async_wait(Descriptor::wait_read, asio::deferred),
                                                borrowed.descriptor.async_wait(Descriptor::wait_write, asio::deferred))
                                                .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    co_return Readiness{!read_error, !write_error};
  }
  const auto kind = wanted.write ? Descriptor::wait_write : Descriptor::wait_read;
  co_await borrowed.descriptor.async_wait(kind, asio::use_awaitable);
  co_return wanted;
}

}  // namespace nerve
