#include "nerve/report/holdings.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/telemetry/log.h"
#include "common/zookeeper/node_plan.h"
#include "nerve/report/node_names.h"

namespace nerve {

namespace zk = common::zookeeper;
namespace log = common::log;

namespace {

std::string name_in(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

class Holdings::Core : public std::enable_shared_from_this<Holdings::Core> {
 public:
  Core(zk::Zookeeper& zookeeper, const SavedSession& left, std::function<void()> on_change)
      : zookeeper_(zookeeper),
        on_change_(std::move(on_change)),
        may_be_incomplete_(left.id != 0 || !left.nodes.empty()) {
    for (const auto& node : left.nodes) holdings_[node.path].persistent = node.persistent;
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

  int join(std::string place, Recognise recognises) {
    reporters_.emplace(++last_reporter_, Reporter{std::move(place), std::move(recognises)});
    return last_reporter_;
  }

  void leave(int reporter, bool gone) {
    std::vector<std::string> claimed;
    for (const auto& [path, holding] : holdings_) {
      if (holding.claims.contains(reporter)) claimed.push_back(path);
    }
    for (const auto& path : claimed) unclaim(path, reporter, gone);
    reporters_.erase(reporter);
  }

  void claim(const SavedNode& node, int reporter) {
    const auto [found, is_new] = holdings_.try_emplace(node.path);
    Holding& holding = found->second;
    holding.claims.insert(reporter);
    holding.sweeping = false;
    const bool before = std::exchange(holding.persistent, node.persistent);
    if (is_new || before != node.persistent) on_change_();
  }

  void unclaim(const std::string& path, int reporter, bool gone) {
    const auto found = holdings_.find(path);
    if (found == holdings_.end() || found->second.claims.erase(reporter) == 0) return;
    if (gone && found->second.claims.empty()) forget(path);
  }

  bool claimed_elsewhere(const std::string& path, int reporter) const {
    const auto found = holdings_.find(path);
    if (found == holdings_.end()) return false;
    const auto& claims = found->second.claims;
    return std::any_of(claims.begin(), claims.end(),
                       [&](int claimant) { return reporters_.at(claimant).place != reporters_.at(reporter).place; });
  }

  std::vector<SavedNode> nodes() const {
    std::vector<SavedNode> result;
    for (const auto& [path, holding] : holdings_) result.push_back({path, holding.persistent});
    return result;
  }

  std::vector<std::string> unclaimed() const {
    std::vector<std::string> result;
    for (const auto& [path, holding] : holdings_) {
      if (holding.claims.empty()) result.push_back(path);
    }
    return result;
  }

  bool idle() const { return reporters_.empty(); }
  bool may_be_incomplete() const { return may_be_incomplete_; }

  void leave_to(const Core& other) {
    for (const auto& path : unclaimed()) {
      const auto found = other.holdings_.find(path);
      if (found != other.holdings_.end() && !found->second.claims.empty()) forget(path);
    }
  }

  void sweep() {
    std::vector<std::string> left;
    for (auto& [path, holding] : holdings_) {
      if (!is_left_over(path, holding)) continue;
      holding.sweeping = true;
      left.push_back(path);
    }
    for (const auto& path : left) look(path);
    if (std::exchange(may_be_incomplete_, false)) search_siblings(left);
  }

 private:
  struct Holding {
    bool persistent = false;
    std::set<int> claims;
    bool sweeping = false;  // to be deleted as long as it is left over
  };
  struct Reporter {
    std::string place;
    Recognise recognises;
  };

  bool is_left_over(const std::string& path, const Holding& holding) const {
    return holding.claims.empty() && std::none_of(reporters_.begin(), reporters_.end(), [&](const auto& reporter) {
             return reporter.second.recognises(path);
           });
  }

  void on_state(zk::SessionState state, std::int64_t session) {
    connected_ = state == zk::SessionState::connected;
    if (!connected_) return;
    session_ = session;
    std::vector<std::string> waiting;
    for (const auto& [path, holding] : holdings_) {
      if (holding.sweeping) waiting.push_back(path);
    }
    for (const auto& path : waiting) look(path);
    for (const auto& [parent, marks] : searches_) search(parent);
  }

  void search_siblings(const std::vector<std::string>& left) {
    for (const auto& path : left) searches_[zk::parent_of(path)].emplace_back(name_in(path));
    for (const auto& [parent, marks] : searches_) search(parent);
  }

  void search(const std::string& parent) {
    if (!connected_) return;
    zookeeper_.children(parent, false, [weak = weak_from_this(), parent](zk::ChildrenReply reply) {
      if (const auto core = weak.lock()) core->on_children(parent, reply);
    });
  }

  void on_children(const std::string& parent, const zk::ChildrenReply& reply) {
    if (reply.status == zk::Status::lost) return;  // on_state begins again
    const auto search = searches_.extract(parent);
    if (!search) return;
    std::vector<std::string> found;
    for (const auto& child : reply.children) {
      auto path = zk::join_path(parent, child);
      if (holdings_.contains(path) || !is_left_over(path, {})) continue;
      const InstanceMark mark(child);
      const auto& marks = search.mapped();
      if (std::any_of(marks.begin(), marks.end(), [&](const auto& left) { return left.same_as(mark); })) {
        found.push_back(std::move(path));
      }
    }
    for (const auto& path : found) holdings_[path].sweeping = true;
    if (!found.empty()) on_change_();
    for (const auto& path : found) look(path);
  }

  // The one that is to be deleted still; null when somebody has it again or it is gone.
  const Holding* to_delete(const std::string& path) const {
    const auto found = holdings_.find(path);
    if (found == holdings_.end() || !found->second.sweeping) return nullptr;
    return is_left_over(path, found->second) ? &found->second : nullptr;
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
  int last_reporter_ = 0;
  std::map<int, Reporter> reporters_;
  std::map<std::string, Holding> holdings_;  // by path
  bool may_be_incomplete_;
  std::map<std::string, std::vector<InstanceMark>> searches_;  // below which paths, for what; not answered yet
};

Holdings::Holdings(zk::Zookeeper& zookeeper, const SavedSession& left, std::function<void()> on_change)
    : core_(std::make_shared<Core>(zookeeper, left, std::move(on_change))) {
  core_->start();
}

Holdings::~Holdings() {
  core_->stop();
}

int Holdings::join(std::string place, Recognise recognises) {
  return core_->join(std::move(place), std::move(recognises));
}

void Holdings::leave(int reporter, bool gone) {
  core_->leave(reporter, gone);
}

bool Holdings::idle() const {
  return core_->idle();
}

bool Holdings::may_be_incomplete() const {
  return core_->may_be_incomplete();
}

void Holdings::claim(const SavedNode& node, int reporter) {
  core_->claim(node, reporter);
}

void Holdings::release(const std::string& path, int reporter) {
  core_->unclaim(path, reporter, true);
}

bool Holdings::claimed_elsewhere(const std::string& path, int reporter) const {
  return core_->claimed_elsewhere(path, reporter);
}

std::vector<SavedNode> Holdings::nodes() const {
  return core_->nodes();
}

std::vector<std::string> Holdings::unclaimed() const {
  return core_->unclaimed();
}

void Holdings::leave_to(const Holdings& other) {
  core_->leave_to(*other.core_);
}

void Holdings::sweep() {
  core_->sweep();
}

}  // namespace nerve
