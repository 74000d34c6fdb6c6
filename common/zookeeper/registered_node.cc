#include "common/zookeeper/registered_node.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "common/limits/limits.h"
#include "common/runtime/alarm.h"
#include "common/zookeeper/create_path.h"
#include "common/zookeeper/node_errors.h"
#include "common/zookeeper/read_nodes.h"
#include "common/zookeeper/restraint.h"

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;
using Clock = Alarm::Clock;
using std::chrono::milliseconds;

// The end of a lost connection is announced; this is for an answer that was lost without it.
constexpr milliseconds kLostPause{200};

}  // namespace

class RegisteredNode::Core : public std::enable_shared_from_this<RegisteredNode::Core> {
 public:
  Core(asio::io_context& io, Zookeeper& zookeeper, Options options, Events events)
      : zookeeper_(zookeeper),
        options_(std::move(options)),
        events_(std::move(events)),
        retry_(io, [this] { go_on(); }),
        random_(std::random_device{}()) {}

  void start() {
    listener_ =
        zookeeper_.listen(kind().parent, {.on_state = bound(&Core::on_state), .on_change = bound(&Core::on_change)});
  }

  void stop() {
    stopped_ = true;
    retry_.clear();
    zookeeper_.unlisten(listener_);
  }

  void want(std::optional<WantedNode> wanted) {
    // Since it looked, a predecessor in this process may have created the node under a name that cannot be foreseen.
    if (!std::exchange(decided_, true)) look_anew();
    wanted_ = std::move(wanted);
    acknowledged_ = false;  // each call is answered, also one that wants what is there
    step();
  }

  void refresh() {
    look_anew();
    step();
  }

  bool connected() const { return connected_; }

  bool settled() const { return decided_ && !busy_ && view_ == View::known && plan().operations.empty(); }

 private:
  // Stale: the one node that was there is another now.
  enum class View { unknown, stale, known };

  const NodeKind& kind() const { return options_.kind; }
  NodePlan plan() const { return plan_node(kind(), session_, found_, wanted_); }

  // What is under way may have been asked for too early.
  void look_anew() {
    view_ = View::unknown;
    look_again_ = busy_;
  }

  // A callback that does nothing any more when this is gone.
  template <class... Args>
  std::function<void(Args...)> bound(void (Core::*method)(Args...)) {
    return [weak = weak_from_this(), method](Args... args) {
      if (const auto core = weak.lock(); core && !core->stopped_) ((*core).*method)(std::forward<Args>(args)...);
    };
  }

  void on_state(SessionState state, std::int64_t session) {
    connected_ = state == SessionState::connected;
    if (!connected_) return;
    // Even within one session somebody may have replaced the node meanwhile: look before acting.
    session_ = session;
    view_ = View::unknown;
    watched_.clear();
    stop_waiting();
    step();
  }

  void on_change(const std::string& path) {
    if (watched_.erase(path) == 0) return;
    if (view_ == View::known) view_ = found_.size() == 1 ? View::stale : View::unknown;
    // Whoever wanted it otherwise may be gone.
    if (restrained_) stop_waiting();
    step();
  }

  // One request at a time; whatever comes back, look again at what is wanted.
  void step() {
    if (stopped_ || busy_ || waiting_ || !connected_ || (looked_ && !decided_)) return;
    if (view_ != View::known) return look();
    if (!decided_) return;
    auto next = plan();
    if (!next.operations.empty()) return carry_out(std::move(next));
    acknowledge();
    if (next.kept && !watched_.contains(path_of(next.kept->name))) read({next.kept->name});
  }

  void look() {
    if (view_ == View::stale) return read({found_.front().name});
    const bool by_name = !options_.recognise;
    if (by_name && (!options_.strays || searched_)) return read(known_names());
    busy_ = true;
    zookeeper_.children(kind().parent, false, bound(by_name ? &Core::on_search : &Core::on_children));
  }

  std::vector<std::string> known_names() const {
    const auto others = options_.others ? options_.others() : std::vector<std::string>();
    std::set<std::string> names(others.begin(), others.end());
    names.insert(names_.begin(), names_.end());
    names.insert(options_.name);
    return {names.begin(), names.end()};
  }

  void on_children(ChildrenReply reply) {
    busy_ = false;
    if (reply.status != Status::ok && reply.status != Status::no_node) {
      return failed(reply.status, list_error(kind().parent, reply.status, reply.error, options_.user));
    }
    std::erase_if(reply.children, [this](const std::string& child) { return !options_.recognise(child); });
    read(std::move(reply.children));
  }

  void on_search(ChildrenReply reply) {
    busy_ = false;
    if (reply.status == Status::lost) {
      return failed(reply.status, list_error(kind().parent, reply.status, reply.error, options_.user));
    }
    auto names = known_names();
    strays_.clear();
    for (auto& child : reply.children) {
      if (options_.strays(child) && std::find(names.begin(), names.end(), child) == names.end()) strays_.insert(child);
    }
    names.insert(names.end(), strays_.begin(), strays_.end());
    read(std::move(names));
  }

  void read(std::vector<std::string> names) {
    busy_ = true;
    read_nodes(zookeeper_, kind().parent, std::move(names), bound(&Core::on_view));
  }

  void on_view(ReadNodes read) {
    busy_ = false;
    const auto strays = std::exchange(strays_, {});
    if (read.status != Status::lost) searched_ = true;  // one that may not be read does not hold up the others
    if (read.status != Status::ok) {
      return failed(read.status, read_error(read.path, read.status, read.error, options_.user));
    }
    std::erase_if(read.found,
                  [&](const FoundNode& node) { return strays.contains(node.name) && !is_ours(node, session_); });
    for (const auto& node : read.found) watched_.insert(path_of(node.name));
    // One that is gone may have been replaced under another name.
    const bool replaced = view_ != View::unknown && read.found.empty() && options_.recognise;
    found_ = std::move(read.found);
    view_ = replaced || std::exchange(look_again_, false) ? View::unknown : View::known;
    tell_names();
    if (!replaced && !std::exchange(looked_, true) && events_.on_looked) events_.on_looked(newest());
    step();
  }

  std::optional<FoundNode> newest() const {
    const auto older = [](const FoundNode& a, const FoundNode& b) { return a.stat.created_zxid < b.stat.created_zxid; };
    const auto found = std::max_element(found_.begin(), found_.end(), older);
    return found == found_.end() ? std::nullopt : std::optional(*found);
  }

  void carry_out(NodePlan next) {
    const auto pause = pause_before(next);
    if (pause > milliseconds(0)) {
      restrained_ = true;
      return wait(pause);
    }
    busy_ = true;
    auto operations = next.operations;
    zookeeper_.commit(std::move(operations),
                      [weak = weak_from_this(), next = std::move(next), wanted = wanted_](CommitReply reply) {
                        if (const auto core = weak.lock(); core && !core->stopped_)
                          core->on_commit(reply, next, wanted);
                      });
  }

  milliseconds pause_before(const NodePlan& next) {
    const auto now = Clock::now();
    if (next.taken_over) return counted(Limit::take_over, restraint_.before_take_over(now, random_));
    // Nobody wished for anything new, and yet it is not as it was.
    const bool mending = acknowledged_ && acknowledged_by_ == session_;
    return mending ? counted(Limit::mending, restraint_.before_mending(now)) : milliseconds(0);
  }

  static milliseconds counted(Limit limit, milliseconds pause) {
    if (pause.count() > 0) limit_hit(limit);
    return pause;
  }

  // Our own write fires our own watch, so that the view may be stale by now: what the write did is what counts.
  void on_commit(const CommitReply& reply, const NodePlan& done, const std::optional<WantedNode>& wanted) {
    busy_ = false;
    if (reply.status == Status::ok) {
      if (done.taken_over && events_.on_taken_over) events_.on_taken_over(*done.taken_over);
      view_ = std::exchange(look_again_, false) ? View::unknown : View::known;
      found_ = result_of(reply, done, wanted);
      tell_names();
      if (wanted && acknowledged_ && events_.on_mended) events_.on_mended(found_.front().name);
      return step();
    }
    view_ = View::unknown;
    const auto& refused = done.operations[std::min(reply.failed_operation, done.operations.size() - 1)];
    switch (reply.status) {
      case Status::no_node:
        if (std::holds_alternative<CreateOperation>(refused)) return create_parent();
        return step();
      // Somebody was faster; look at what is there now.
      case Status::node_exists:
      case Status::bad_version:
        return step();
      default:
        return failed(reply.status, write_error(refused, reply.status, reply.error, options_.user));
    }
  }

  std::vector<FoundNode> result_of(const CommitReply& reply, const NodePlan& done,
                                   const std::optional<WantedNode>& wanted) {
    if (!wanted) {
      std::erase_if(found_, [this](const FoundNode& node) { return is_ours(node, session_); });
      return found_;
    }
    FoundNode node{wanted->name, wanted->data, {}};
    node.stat.owner = kind().ephemeral ? session_ : 0;
    if (done.kept) {
      node.name = done.kept->name;
    } else if (kind().sequential) {
      const std::string path = reply.created.empty() ? "" : reply.created.back();
      node.name = path.substr(path.rfind('/') + 1);
      if (!is_numbered(node.name, wanted->name)) view_ = View::unknown;
    }
    return {node};
  }

  void create_parent() {
    busy_ = true;
    create_path(zookeeper_, kind().parent, kind().acl, bound(&Core::on_parent));
  }

  void on_parent(const CommitReply& reply, const std::string& refused) {
    busy_ = false;
    if (reply.status == Status::ok) return step();
    failed(reply.status, write_error(CreateOperation{refused, ""}, reply.status, reply.error, options_.user));
  }

  void failed(Status status, const std::string& what) {
    view_ = View::unknown;
    if (status != Status::lost) acknowledged_ = false;
    if (events_.on_failed) events_.on_failed(status, what);
    wait(status == Status::lost ? std::min(options_.retry, kLostPause) : options_.retry);
  }

  void wait(milliseconds pause) {
    waiting_ = true;
    retry_.set(Clock::now() + pause);
  }

  void go_on() {
    const auto alive = shared_from_this();  // whoever is told may take it away
    stop_waiting();
    view_ = View::unknown;
    step();
  }

  void stop_waiting() {
    waiting_ = restrained_ = false;
    retry_.clear();
  }

  void acknowledge() {
    acknowledged_by_ = session_;
    if (!std::exchange(acknowledged_, true) && events_.on_acknowledged) events_.on_acknowledged(wanted_.has_value());
  }

  void tell_names() {
    std::vector<std::string> names;
    for (const auto& node : found_) {
      if (is_ours(node, session_)) names.push_back(node.name);
    }
    if (names == names_) return;
    names_ = std::move(names);
    if (events_.on_names) events_.on_names(names_);
  }

  std::string path_of(const std::string& name) const { return join_path(kind().parent, name); }

  Zookeeper& zookeeper_;
  const Options options_;
  const Events events_;
  Alarm retry_;
  std::mt19937 random_;
  int listener_ = 0;
  bool stopped_ = false;

  bool connected_ = false;
  std::int64_t session_ = 0;

  bool looked_ = false;           // on_looked was called
  bool searched_ = false;         // for strays
  std::set<std::string> strays_;  // names that only the search under way has found
  bool decided_ = false;          // want() has been called
  std::optional<WantedNode> wanted_;
  bool acknowledged_ = false;         // the latest want()
  std::int64_t acknowledged_by_ = 0;  // the session in which it last was

  View view_ = View::unknown;
  bool look_again_ = false;  // when what is under way has ended
  std::vector<FoundNode> found_;
  std::vector<std::string> names_;  // of ours among them, as they were told
  std::set<std::string> watched_;   // paths
  bool busy_ = false;               // a request is under way
  bool waiting_ = false;            // for the retry timer
  bool restrained_ = false;         // that is because somebody else wants it otherwise

  Restraint restraint_{Clock::now()};
};

RegisteredNode::RegisteredNode(asio::io_context& io, Zookeeper& zookeeper, Options options, Events events)
    : core_(std::make_shared<Core>(io, zookeeper, std::move(options), std::move(events))) {
  core_->start();
}

RegisteredNode::~RegisteredNode() {
  core_->stop();
}

void RegisteredNode::want(std::optional<WantedNode> wanted) {
  core_->want(std::move(wanted));
}

void RegisteredNode::refresh() {
  core_->refresh();
}

bool RegisteredNode::connected() const {
  return core_->connected();
}

bool RegisteredNode::settled() const {
  return core_->settled();
}

}  // namespace common::zookeeper
