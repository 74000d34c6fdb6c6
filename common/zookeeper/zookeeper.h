// What the two programs need of ZooKeeper, as one seam: Session implements it over the C client, tests implement it in
// memory. All calls and callbacks happen on the loop's thread. A callback is called exactly once, never from within
// the call itself, and not any more after the object is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "common/zookeeper/acl.h"

namespace common::zookeeper {

// How an operation ended. `lost` covers everything after which it is unknown whether the operation happened: the
// connection broke, the operation timed out, the session ended. Read the state back before going on.
enum class Status { ok, no_node, node_exists, bad_version, not_empty, no_auth, lost, failed };

struct Stat {
  std::int64_t created_zxid = 0;   // czxid
  std::int64_t modified_zxid = 0;  // mzxid
  std::int64_t created_ms = 0;     // ctime, milliseconds since 1970
  std::int64_t modified_ms = 0;    // mtime
  std::int32_t version = 0;        // data version
  std::int32_t child_version = 0;  // cversion
  std::int64_t owner = 0;          // ephemeralOwner: the session, 0 for a persistent node

  friend bool operator==(const Stat&, const Stat&) = default;
};

struct GetReply {
  Status status = Status::failed;
  std::string error;  // ZooKeeper's words, empty when ok
  std::string data;
  Stat stat;
};

struct ChildrenReply {
  Status status = Status::failed;
  std::string error;
  std::vector<std::string> children;
};

struct ExistsReply {
  Status status = Status::failed;  // ok, or no_node
  std::string error;
  Stat stat;
};

struct CommitReply {
  Status status = Status::failed;  // of the first operation that failed
  std::string error;
  std::size_t failed_operation = 0;  // which one that was, when the servers said so
  std::vector<std::string> created;  // by operation: the path, with its number, of a sequential node
};

struct CreateOperation {
  std::string path;
  std::string data;
  bool ephemeral = false;
  bool sequential = false;  // ZooKeeper puts ten digits behind the path
  Acl acl = {};             // empty: open to everybody
};
struct SetOperation {
  std::string path;
  std::string data;
};
struct DeleteOperation {
  std::string path;
  std::int32_t version = -1;  // -1: any
};
using Operation = std::variant<CreateOperation, SetOperation, DeleteOperation>;

// connecting: no session yet, or the connection is lost and the session may still live. connected: requests are
// answered. A new session_id with `connected` means that the session before it is gone, with its ephemeral nodes and
// all watches.
enum class SessionState { connecting, connected };

struct Listener {
  std::function<void(SessionState state, std::int64_t session_id)> on_state;
  // A watch on `path`, or on a child of it, fired: it is used up, and something about `changed_path` is different.
  std::function<void(const std::string& changed_path)> on_change;
  // The session goes on, but its watches are gone: what was watched must be read and watched again. Comes before
  // on_state.
  std::function<void()> on_watches_lost = {};
  // Told instead of on_change, where it is given, when the node was deleted.
  std::function<void(const std::string& path)> on_deleted = {};
};

class Zookeeper {
 public:
  virtual ~Zookeeper() = default;

  // Requests sent while not connected are answered with Status::lost. `watch` leaves a one-shot watch that reaches the
  // listeners of the path and of its parent; on a missing node only exists() leaves one.
  virtual void get(const std::string& path, bool watch, std::function<void(GetReply)> done) = 0;
  virtual void children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) = 0;
  virtual void exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) = 0;

  // Takes the watch away that exists() has left on a node that is not there; nothing else would before the node comes.
  // Whoever listens is told of a change then: another watch on a node that came just now has gone with it.
  virtual void unwatch(const std::string& path) = 0;

  // All operations or none, in one transaction.
  virtual void commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) = 0;

  // The listener hears of `path` and its children until unlisten(). When connected already, on_state is called soon.
  virtual int listen(const std::string& path, Listener listener) = 0;
  virtual void unlisten(int id) = 0;
};

}  // namespace common::zookeeper
