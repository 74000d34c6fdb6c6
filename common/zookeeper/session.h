// One session with one ensemble over the ZooKeeper C client (libzookeeper_mt), shared by everybody in the process who
// names the same hosts. It connects, and reconnects, for as long as it lives: a lost connection keeps the session, an
// expired one is replaced by a new one at once.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/result.h"
#include "common/runtime/blocking_pool.h"
#include "common/zookeeper/credentials.h"
#include "common/zookeeper/hosts.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

// What a process needs to go on with a session that another process had opened. Whoever knows it has the session and
// all its rights: a secret.
struct SessionIdentity {
  std::int64_t id = 0;  // 0: none
  std::array<char, 16> password{};

  friend bool operator==(const SessionIdentity&, const SessionIdentity&) = default;
};

struct SessionOptions {
  std::string hosts;  // "host:port,host:port[/chroot]"; see check_hosts
  std::chrono::milliseconds timeout{2000};
  Credentials credentials = {};
  // Of an earlier life that has ended: two live processes must never share a session. When the servers do not know it
  // any more, a new one is opened.
  SessionIdentity resume = {};
  // identity() is another one.
  std::function<void()> on_identity = {};
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
  void unwatch(const std::string& path) override;
  void commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) override;
  int listen(const std::string& path, Listener listener) override;
  void unlisten(int id) override;

  const std::string& hosts() const;
  SessionState state() const;
  std::int64_t session_id() const;  // 0 before the first connection
  // Of the session that it has or tries to resume; none before the first connection, and after an orderly end.
  SessionIdentity identity() const;

  // Ends the session on the server (when connected) and frees the handle on the pool; `done` is called on the loop.
  // Requests under way are answered with Status::lost.
  void close(std::function<void()> done);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace common::zookeeper
