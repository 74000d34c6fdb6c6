// A ZooKeeper in memory, for unit tests: nodes, sessions, one-shot watches, and the two faults that matter: a request
// that never arrives, and an answer that is lost after the operation happened.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "common/zookeeper/node_plan.h"
#include "common/zookeeper/zookeeper.h"

namespace common::zookeeper {

class FakeZookeeper : public Zookeeper {
 public:
  explicit FakeZookeeper(boost::asio::io_context& io) : io_(io) {}

  struct Node {
    std::string data;
    Stat stat;
    Acl acl = {};
  };

  // What the test does to the world.
  void connect(std::int64_t session) {
    if (session_ != 0 && session != session_) expire(session_);
    session_ = session;
    connected_ = true;
    tell_state();
  }
  // The same session over a new handle: what the client did not keep is gone.
  void connect_without_watches() {
    connected_ = true;
    watches_.clear();
    for (const auto& [id, entry] : std::map(listeners_)) {
      if (entry.second.on_watches_lost) entry.second.on_watches_lost();
    }
    tell_state();
  }
  // The classic fault: nobody hears of it, and nothing fires any more.
  void lose_watches() { watches_.clear(); }

  // Whether somebody holds a watch on the data, or the coming, of this node.
  bool is_watched(const std::string& path) const {
    const auto found = watches_.find(path);
    return found != watches_.end() && found->second.data;
  }

  void disconnect() {
    connected_ = false;
    tell_state();
  }
  // The server forgets a session and its nodes.
  void expire(std::int64_t session) {
    std::vector<std::string> gone;
    for (const auto& [path, node] : nodes) {
      if (node.stat.owner == session) gone.push_back(path);
    }
    if (session == session_) watches_.clear();
    for (const auto& path : gone) apply(DeleteOperation{path, -1}, session);
  }
  // As another client would: applied at once.
  Status other(const Operation& operation, std::int64_t session = 99) { return apply(operation, session); }

  int lose_answers = 0;   // the next n writes happen, and their answers are lost
  int lose_requests = 0;  // the next n writes do not happen
  int lose_lists = 0;     // the next n lists, and calls of exists(), are answered with "lost"
  int lose_looks = 0;
  int most_in_flight = 0;              // calls of get() and exists() that waited for their answer at one time
  std::function<void()> before_looks;  // done once, before the next call of exists()
  std::map<std::string, Node> nodes{{"/", {}}};
  std::set<std::string> forbidden;  // paths that may not be read
  std::set<std::string> denied;     // operations that may not be done: "create /a"
  std::vector<std::string> log;     // "get /a", "commit create /a", ...

  void get(const std::string& path, bool watch, std::function<void(GetReply)> done) override {
    log.push_back("get " + path);
    GetReply reply{Status::lost, "connection loss", "", {}};
    if (connected_ && forbidden.contains(path)) {
      reply = {Status::no_auth, "not authenticated", "", {}};
    } else if (connected_) {
      const auto found = nodes.find(path);
      reply = found == nodes.end() ? GetReply{Status::no_node, "no node", "", {}}
                                   : GetReply{Status::ok, "", found->second.data, found->second.stat};
      if (watch && found != nodes.end()) watches_[path].data = true;
    }
    answer(std::move(done), std::move(reply));
  }

  void children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) override {
    log.push_back("list " + path);
    ChildrenReply reply{Status::lost, "connection loss", {}};
    if (lose_lists > 0) {
      --lose_lists;
    } else if (connected_ && forbidden.contains(path)) {
      reply = {Status::no_auth, "not authenticated", {}};
    } else if (connected_) {
      reply = {Status::no_node, "no node", {}};
      if (nodes.contains(path)) {
        reply = {Status::ok, "", {}};
        for (const auto& [node, unused] : nodes) {
          if (node != "/" && parent_of(node) == path) reply.children.push_back(node.substr(node.rfind('/') + 1));
        }
        if (watch) watches_[path].children = true;
      }
    }
    boost::asio::post(io_, [done = std::move(done), reply = std::move(reply)] { done(reply); });
  }

  void exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) override {
    log.push_back("exists " + path);
    if (const auto happens = std::exchange(before_looks, nullptr)) happens();
    ExistsReply reply{Status::lost, "connection loss", {}};
    if (lose_looks > 0) {
      --lose_looks;
    } else if (connected_) {
      const auto found = nodes.find(path);
      reply = found == nodes.end() ? ExistsReply{Status::no_node, "no node", {}}
                                   : ExistsReply{Status::ok, "", found->second.stat};
      if (watch) watches_[path].data = true;
    }
    answer(std::move(done), std::move(reply));
  }

  void unwatch(const std::string& path) override {
    log.push_back("unwatch " + path);
    if (connected_) watches_[path].data = false;
  }

  void commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) override {
    std::string line = "commit";
    for (const auto& operation : operations) line += " " + describe(operation);
    log.push_back(line);
    CommitReply reply{Status::lost, "connection loss", 0, {}};
    if (connected_ && lose_requests > 0) {
      --lose_requests;
    } else if (connected_) {
      reply = transact(operations);
      if (lose_answers > 0) {
        --lose_answers;
        reply = {Status::lost, "connection loss", 0, {}};
      }
    }
    boost::asio::post(io_, [done = std::move(done), reply] { done(reply); });
  }

  int listen(const std::string& path, Listener listener) override {
    listeners_[++next_] = {path, std::move(listener)};
    if (connected_) listeners_[next_].second.on_state(SessionState::connected, session_);
    return next_;
  }
  void unlisten(int id) override { listeners_.erase(id); }

 private:
  struct Watch {
    bool data = false;
    bool children = false;
  };

  template <class Reply>
  void answer(std::function<void(Reply)> done, Reply reply) {
    most_in_flight = std::max(most_in_flight, ++in_flight_);
    boost::asio::post(io_, [this, done = std::move(done), reply = std::move(reply)] {
      --in_flight_;
      done(reply);
    });
  }

  static std::string describe(const Operation& operation) {
    if (const auto* create = std::get_if<CreateOperation>(&operation)) return "create " + create->path;
    if (const auto* set = std::get_if<SetOperation>(&operation)) return "set " + set->path;
    return "delete " + std::get<DeleteOperation>(operation).path;
  }

  CommitReply transact(const std::vector<Operation>& operations) {
    const auto before = nodes;
    CommitReply reply{Status::ok, "", 0, {}};
    for (std::size_t i = 0; i < operations.size(); ++i) {
      auto operation = operations[i];
      auto* create = std::get_if<CreateOperation>(&operation);
      if (create != nullptr && create->sequential) create->path += fmt::format("{:010}", sequence_);
      reply.created.push_back(create != nullptr ? create->path : "");
      reply.status = denied.contains(describe(operations[i])) ? Status::no_auth : apply(operation, session_);
      if (reply.status == Status::ok) {
        if (create != nullptr && create->sequential) ++sequence_;
        continue;
      }
      nodes = before;
      return {reply.status, reply.status == Status::no_auth ? "not authenticated" : "refused", i, {}};
    }
    return reply;
  }

  Status apply(const Operation& operation, std::int64_t session) {
    if (const auto* create = std::get_if<CreateOperation>(&operation)) {
      if (nodes.contains(create->path)) return Status::node_exists;
      if (!nodes.contains(parent_of(create->path))) return Status::no_node;
      auto& node = nodes[create->path];
      node.data = create->data;
      node.acl = create->acl;
      node.stat.created_zxid = node.stat.modified_zxid = ++zxid_;
      node.stat.owner = create->ephemeral ? session : 0;
      fire(create->path, false);
      fire(parent_of(create->path), true);
    } else if (const auto* set = std::get_if<SetOperation>(&operation)) {
      const auto found = nodes.find(set->path);
      if (found == nodes.end()) return Status::no_node;
      found->second.data = set->data;
      found->second.stat.modified_zxid = ++zxid_;
      ++found->second.stat.version;
      fire(set->path, false);
    } else {
      const auto& remove = std::get<DeleteOperation>(operation);
      const auto found = nodes.find(remove.path);
      if (found == nodes.end()) return Status::no_node;
      if (remove.version != -1 && remove.version != found->second.stat.version) return Status::bad_version;
      nodes.erase(found);
      fire(remove.path, false, true);
      fire(parent_of(remove.path), true);
    }
    return Status::ok;
  }

  void fire(const std::string& path, bool children, bool deleted = false) {
    bool& armed = children ? watches_[path].children : watches_[path].data;
    if (!std::exchange(armed, false)) return;
    boost::asio::post(io_, [this, path, deleted] {
      for (const auto& [id, entry] : std::map(listeners_)) {
        const auto& listener = entry.second;
        const auto& tell = deleted && listener.on_deleted ? listener.on_deleted : listener.on_change;
        if (entry.first == path || entry.first == parent_of(path)) tell(path);
      }
    });
  }

  void tell_state() {
    const auto state = connected_ ? SessionState::connected : SessionState::connecting;
    for (const auto& [id, entry] : std::map(listeners_)) entry.second.on_state(state, session_);
  }

  boost::asio::io_context& io_;
  bool connected_ = false;
  int in_flight_ = 0;
  std::int64_t session_ = 0;
  std::int64_t zxid_ = 0;
  int sequence_ = 1;
  int next_ = 0;
  std::map<int, std::pair<std::string, Listener>> listeners_;
  std::map<std::string, Watch> watches_;
};

}  // namespace common::zookeeper
