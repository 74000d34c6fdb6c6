// One session with one ensemble over the ZooKeeper C client (libzookeeper_mt), shared by everybody in the process who
// names the same hosts. It connects, and reconnects, for as long as it lives: a lost connection keeps the session, an
// expired one is replaced by a new one at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "common/runtime/blocking_pool.h"
#include "common/zookeeper/hosts.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

struct SessionOptions {
  std::string hosts;  // "host:port,host:port[/chroot]"; see check_hosts
  std::chrono::milliseconds timeout{2000};
};

class Session : public Zookeeper {
 public:
  // Opens at once; a name that does not resolve is retried with back-off. Loop thread only.
  Session(boost::asio::io_context& io, BlockingPool& pool, SessionOptions options);
  // Call close() first; otherwise the handle is closed here, which may block for seconds.
  ~Session() override;

  void get(const std::string& path, bool watch, std::function<void(GetReply)> done) override;
  void children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) override;
  void exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) override;
  void commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) override;
  int listen(const std::string& path, Listener listener) override;
  void unlisten(int id) override;

  const std::string& hosts() const;
  SessionState state() const;
  std::int64_t session_id() const;  // 0 before the first connection

  // Ends the session on the server (when connected) and frees the handle on the pool; `done` is called on the loop.
  // Requests under way are answered with Status::lost.
  void close(std::function<void()> done);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::zookeeper
