// One handle of the ZooKeeper C client with everything that the client's threads may touch. Session opens one, and
// another when the session expires. Requests and answers on the loop's thread; open() and close() block and belong on
// the blocking pool. The client's own threads only copy what they got and post it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <zookeeper/zookeeper.h>

#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class Handle : public std::enable_shared_from_this<Handle> {
 public:
  // A watch fired or the session's state changed: the client's type, state and path. Called on the loop.
  using OnEvent = std::function<void(const std::shared_ptr<Handle>&, int type, int state, const std::string& path)>;

  Handle(boost::asio::io_context& io, OnEvent on_event);
  // Must have been closed, if it was opened.
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Resolves the names (it takes no time when they are addresses) and starts the client's threads. `session`: to go on
  // with; zero: a new one. 0, or an errno. `credentials`: "user:password", or empty.
  int open(const std::string& hosts, int timeout_ms, const clientid_t& session, const std::string& credentials);
  // Ends the session on the server, when connected, and joins the client's threads.
  void close();

  bool is_open() const { return zh_ != nullptr; }
  int state() const { return zoo_state(zh_); }
  clientid_t session() const { return *zoo_client_id(zh_); }

  // Only on an open handle. Each is answered exactly once, by abandon() at the latest. Reads beyond those that may be
  // under way at once wait for their turn.
  void get(const std::string& path, bool watch, std::function<void(GetReply)> done);
  void children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done);
  void exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done);
  // All watches on the data, or the coming, of the node.
  void unwatch(const std::string& path, std::function<void(Status)> done);
  void commit(const std::vector<Operation>& operations, std::function<void(CommitReply)> done);

  // Bytes of the paths of all watches that were ever left; those that have fired since are counted, too.
  std::size_t watched_bytes() const { return watched_bytes_; }

  // Answers reads that wait for their turn with Status::lost, soon: the connection is gone.
  void give_up_waiting();
  // Answers everybody who still waits with Status::lost, soon; what the client says later finds nobody.
  void abandon();
  // Nobody is answered any more.
  void forget();

 private:
  // What a completion brought, whatever the operation was.
  struct Reply {
    int code = ZCONNECTIONLOSS;
    std::string data;
    std::vector<std::string> children;
    Stat stat;
    std::size_t failed_operation = 0;
    std::vector<std::string> created;

    Status status() const;
    std::string error() const;
  };

  // One request under way. A thread of the client writes `reply` and then posts; the loop reads it after that.
  struct Call {
    std::shared_ptr<Handle> handle;
    std::uint64_t id = 0;
    Reply reply;
    std::function<void(const Reply&)> done;  // loop thread only
    // The client writes into these until a commit is answered.
    std::vector<zoo_op_result_t> results;
    std::vector<std::string> created;
  };

  struct Read {
    std::string path;
    bool watch = false;
    std::function<void(GetReply)> done;
  };

  void read(Read wanted);
  Call& begin(std::function<void(const Reply&)> done);
  void started(const Call& call, int code);
  void finish(std::uint64_t id);

  // On the client's threads.
  static Reply& reply_of(const void* call, int code);
  static void post_finish(const void* call);
  static void on_data(int code, const char* value, int length, const ::Stat* stat, const void* call);
  static void on_strings(int code, const String_vector* strings, const void* call);
  static void on_stat(int code, const ::Stat* stat, const void* call);
  static void on_unwatched(int code, const void* call);
  static void on_committed(int code, const void* call);
  static void on_watch(zhandle_t* zh, int type, int state, const char* path, void* handle);

  boost::asio::io_context& io_;
  const OnEvent on_event_;
  std::atomic<zhandle_t*> zh_{nullptr};
  std::unordered_map<std::uint64_t, std::unique_ptr<Call>> calls_;  // loop thread only
  std::uint64_t last_call_ = 0;
  std::size_t reads_ = 0;     // under way
  std::deque<Read> waiting_;  // for their turn
  std::size_t watched_bytes_ = 0;
};

}  // namespace common::zookeeper
