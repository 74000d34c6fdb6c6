// Threads for what may block: name resolution, opening and closing a ZooKeeper handle, database clients. They start
// with the first job and end after a while without one, because a sidecar's idle threads are paid for once per pod.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

namespace common {

class BlockingPool {
 public:
  explicit BlockingPool(boost::asio::io_context& io, std::size_t max_threads = 4);
  // Waits for the jobs that run; those that have not started are dropped, their `done` is not called.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Runs `work` on a thread of the pool, then `done` on the loop. Jobs start in order; at most max_threads run at once.
  // Loop thread only.
  void run(std::function<void()> work, std::function<void()> done);

  // A job runs or waits: the destructor may have to wait for it.
  bool busy() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace common
