#include "nerve/report/holdings.h"

#include <map>
#include <set>
#include <utility>

#include "common/telemetry/log.h"

namespace nerve {

namespace zk = common::zookeeper;
namespace log = common::log;

class Holdings::Core : public std::enable_shared_from_this<Holdings::Core> {
 public:
  Core(zk::Zookeeper& zookeeper, std::vector<SavedNode> left, std::function<void()> on_change)
      : zookeeper_(zookeeper), on_change_(std::move(on_change)) {
    for (const auto& node : left) holdings_[node.path].persistent = node.persistent;
  }

  void start() {
    // No node has an empty path: only the state is of interest.
    listener_ = zookeeper_.listen("", {.on_state =
                                           [weak = weak_from_this()](zk::SessionState state, std::int64_t session) {
                                             if (const auto core = weak.lock()) core->on_state(state, session);
                                           },
                                       .on_change = [](const std::string&) {}});
  }
  void stop() { zookeeper_.unlisten(listener_); }

  void claim(const SavedNode& node, const void* by) {
    const auto [found, is_new] = holdings_.try_emplace(node.path);
    Holding& holding = found->second;
    holding.claims.insert(by);
    holding.sweeping = false;
    const bool before = std::exchange(holding.persistent, node.persistent);
    if (is_new || before != node.persistent) on_change_();
  }

  void release(const std::string& path, const void* by, bool gone) {
    const auto found = holdings_.find(path);
    if (found == holdings_.end() || found->second.claims.erase(by) == 0) return;
    if (gone && found->second.claims.empty()) forget(path);
  }

  bool claimed_by_another(const std::string& path, const void* by) const {
    const auto found = holdings_.find(path);
    if (found == holdings_.end()) return false;
    const auto& claims = found->second.claims;
    return claims.size() > (claims.contains(by) ? 1u : 0u);
  }

  std::vector<SavedNode> nodes() const {
    std::vector<SavedNode> result;
    for (const auto& [path, holding] : holdings_) result.push_back({path, holding.persistent});
    return result;
  }

  void sweep() {
    std::vector<std::string> left;
    for (auto& [path, holding] : holdings_) {
      if (!holding.claims.empty()) continue;
      holding.sweeping = true;
      left.push_back(path);
    }
    for (const auto& path : left) look(path);
  }

 private:
  struct Holding {
    bool persistent = false;
    std::set<const void*> claims;
    bool sweeping = false;  // to be deleted unless it is claimed
  };

  void on_state(zk::SessionState state, std::int64_t session) {
    connected_ = state == zk::SessionState::connected;
    if (!connected_) return;
    session_ = session;
    std::vector<std::string> waiting;
    for (const auto& [path, holding] : holdings_) {
      if (holding.sweeping) waiting.push_back(path);
    }
    for (const auto& path : waiting) look(path);
  }

  // The one that is to be deleted still; null when it was claimed again or is gone.
  const Holding* to_delete(const std::string& path) const {
    const auto found = holdings_.find(path);
    return found != holdings_.end() && found->second.sweeping && found->second.claims.empty() ? &found->second
                                                                                              : nullptr;
  }

  void look(const std::string& path) {
    if (!connected_ || to_delete(path) == nullptr) return;
    zookeeper_.exists(path, false, [weak = weak_from_this(), path](zk::ExistsReply reply) {
      if (const auto core = weak.lock()) core->on_look(path, reply);
    });
  }

  void on_look(const std::string& path, const zk::ExistsReply& reply) {
    const auto* holding = to_delete(path);
    if (holding == nullptr || reply.status == zk::Status::lost) return;  // on_state begins again
    const bool ours = reply.status == zk::Status::ok && reply.stat.owner == (holding->persistent ? 0 : session_);
    if (!ours) return forget(path);
    zookeeper_.commit({zk::DeleteOperation{path, reply.stat.version}},
                      [weak = weak_from_this(), path](zk::CommitReply deleted) {
                        if (const auto core = weak.lock()) core->on_deleted(path, deleted);
                      });
  }

  void on_deleted(const std::string& path, const zk::CommitReply& reply) {
    switch (reply.status) {
      case zk::Status::lost:
        return;
      case zk::Status::bad_version:
        return look(path);
      case zk::Status::ok:
        log::info("removed the node {}, which no service of this configuration has", path);
        break;
      case zk::Status::no_node:
        break;
      default:
        log::warn("the node {} is left over and cannot be removed: {}", path, reply.error);
    }
    if (to_delete(path) != nullptr) forget(path);
  }

  void forget(const std::string& path) {
    if (holdings_.erase(path) > 0) on_change_();
  }

  zk::Zookeeper& zookeeper_;
  const std::function<void()> on_change_;
  int listener_ = 0;
  bool connected_ = false;
  std::int64_t session_ = 0;
  std::map<std::string, Holding> holdings_;
};

Holdings::Holdings(zk::Zookeeper& zookeeper, std::vector<SavedNode> left, std::function<void()> on_change)
    : core_(std::make_shared<Core>(zookeeper, std::move(left), std::move(on_change))) {
  core_->start();
}

Holdings::~Holdings() {
  core_->stop();
}

void Holdings::claim(const SavedNode& node, const void* by) {
  core_->claim(node, by);
}

void Holdings::release(const std::string& path, const void* by, bool gone) {
  core_->release(path, by, gone);
}

bool Holdings::claimed_by_another(const std::string& path, const void* by) const {
  return core_->claimed_by_another(path, by);
}

std::vector<SavedNode> Holdings::nodes() const {
  return core_->nodes();
}

void Holdings::sweep() {
  core_->sweep();
}

}  // namespace nerve
