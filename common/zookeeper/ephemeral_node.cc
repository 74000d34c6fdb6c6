#include "common/zookeeper/ephemeral_node.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "common/time/backoff.h"

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Two live processes that announce one instance would take the node from each other for ever: after the first take-over
// each waits longer.
constexpr BackoffLimits kTakeOverPause{milliseconds(1'000), milliseconds(60'000)};

enum class Seen { unknown, absent, ours, foreign };

}  // namespace

class EphemeralNode::Core : public std::enable_shared_from_this<EphemeralNode::Core> {
 public:
  Core(asio::io_context& io, Zookeeper& zookeeper, std::string path, milliseconds retry, Events events)
      : zookeeper_(zookeeper),
        path_(std::move(path)),
        retry_pause_(retry),
        events_(std::move(events)),
        retry_(io),
        random_(std::random_device{}()) {}

  void start() {
    listener_ = zookeeper_.listen(path_, {.on_state =
                                              [weak = weak_from_this()](SessionState state, std::int64_t session) {
                                                if (const auto core = weak.lock()) core->on_state(state, session);
                                              },
                                          .on_change =
                                              [weak = weak_from_this()](const std::string& changed) {
                                                if (const auto core = weak.lock()) core->on_change(changed);
                                              }});
  }

  void stop() {
    stopped_ = true;
    retry_.cancel();
    zookeeper_.unlisten(listener_);
  }

  void want(std::optional<std::string> data) {
    decided_ = true;
    wanted_ = std::move(data);
    acknowledged_.reset();  // each call is answered, also one that wants what is there
    step();
  }

  void refresh() {
    seen_ = Seen::unknown;
    step();
  }

  bool settled() const {
    if (!decided_ || busy_) return false;
    if (wanted_) return seen_ == Seen::ours && data_ == *wanted_;
    return seen_ == Seen::absent || seen_ == Seen::foreign;
  }

  const std::string& path() const { return path_; }

 private:
  void on_state(SessionState state, std::int64_t session) {
    connected_ = state == SessionState::connected;
    if (!connected_) return;
    // Even within one session somebody may have replaced the node meanwhile: look before acting.
    session_ = session;
    seen_ = Seen::unknown;
    retry_.cancel();
    waiting_ = false;
    step();
  }

  void on_change(const std::string& changed) {
    if (changed != path_) return;
    watching_ = false;
    seen_ = Seen::unknown;
    step();
  }

  // One operation at a time; whatever comes back, look again at what is wanted.
  void step() {
    if (stopped_ || busy_ || waiting_ || !connected_) return;
    if (!decided_) {
      if (!looked_) read();
      return;
    }
    if (settled()) acknowledge();
    if (seen_ == Seen::unknown) return read();
    if (!wanted_) {
      // A foreign node is another process's business: it may be our successor's.
      if (seen_ == Seen::ours) commit({DeleteOperation{path_, -1}}, Seen::absent);
      return;
    }
    switch (seen_) {
      case Seen::unknown:
        return;
      case Seen::absent:
        return commit({CreateOperation{path_, *wanted_, true}}, Seen::ours);
      case Seen::foreign:
        return take_over();
      case Seen::ours:
        if (data_ != *wanted_) return commit({SetOperation{path_, *wanted_}}, Seen::ours);
        if (!watching_) return read();
    }
  }

  void read() {
    busy_ = true;
    watching_ = true;
    zookeeper_.get(path_, true, [weak = weak_from_this()](GetReply reply) {
      if (const auto core = weak.lock(); core && !core->stopped_) core->on_read(std::move(reply));
    });
  }

  void on_read(GetReply reply) {
    busy_ = false;
    // A watch is left only on a node that is there.
    if (reply.status != Status::ok) watching_ = false;
    switch (reply.status) {
      case Status::ok:
        seen_ = reply.stat.owner == session_ ? Seen::ours : Seen::foreign;
        data_ = std::move(reply.data);
        version_ = reply.stat.version;
        other_session_ = reply.stat.owner;
        looked(data_);
        return step();
      case Status::no_node:
        seen_ = Seen::absent;
        looked(std::nullopt);
        return step();
      default:
        return failed(reply.status, "read " + path_ + ": " + reply.error);
    }
  }

  void looked(const std::optional<std::string>& data) {
    if (!std::exchange(looked_, true) && events_.on_looked) events_.on_looked(data);
  }

  void commit(std::vector<Operation> operations, Seen then) {
    busy_ = true;
    zookeeper_.commit(std::move(operations),
                      [weak = weak_from_this(), before = seen_, then, data = wanted_](CommitReply reply) {
                        if (const auto core = weak.lock(); core && !core->stopped_)
                          core->on_commit(reply, before, then, data);
                      });
  }

  // Our own write fires our own watch, so `seen_` may be unknown by now: `before` is what the write was based on.
  void on_commit(const CommitReply& reply, Seen before, Seen then, const std::optional<std::string>& data) {
    busy_ = false;
    if (reply.status == Status::ok) {
      if (before == Seen::foreign && events_.on_taken_over) events_.on_taken_over(other_session_);
      seen_ = then;
      data_ = data.value_or("");
      return step();
    }
    const bool creating = before == Seen::absent && data;
    seen_ = Seen::unknown;
    switch (reply.status) {
      case Status::no_node:
        if (creating) return create_parents(path_.find('/', 1));
        return step();
      // Somebody was faster; look at what is there now.
      case Status::node_exists:
      case Status::bad_version:
        return step();
      default:
        return failed(reply.status, "write " + path_ + ": " + reply.error);
    }
  }

  void take_over() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_take_over_) return wait(std::chrono::ceil<milliseconds>(next_take_over_ - now));
    if (now > next_take_over_ + kTakeOverPause.max) take_over_pause_.reset();
    next_take_over_ = now + take_over_pause_.next(random_);
    commit({DeleteOperation{path_, version_}, CreateOperation{path_, *wanted_, true}}, Seen::ours);
  }

  // Creates the parent that ends at `slash`, then the next one.
  void create_parents(std::string::size_type slash) {
    if (slash == std::string::npos) return step();
    busy_ = true;
    zookeeper_.commit({CreateOperation{path_.substr(0, slash), "", false}},
                      [weak = weak_from_this(), slash](CommitReply reply) {
                        const auto core = weak.lock();
                        if (!core || core->stopped_) return;
                        core->busy_ = false;
                        if (reply.status == Status::ok || reply.status == Status::node_exists) {
                          core->create_parents(core->path_.find('/', slash + 1));
                        } else {
                          core->failed(reply.status, "create " + core->path_.substr(0, slash) + ": " + reply.error);
                        }
                      });
  }

  void failed(Status status, const std::string& what) {
    seen_ = Seen::unknown;
    if (events_.on_failed) events_.on_failed(what);
    // The end of a lost connection is announced by on_state; the pause is for everything else.
    wait(status == Status::lost ? std::min(retry_pause_, milliseconds(200)) : retry_pause_);
  }

  void wait(milliseconds pause) {
    waiting_ = true;
    retry_.expires_after(pause);
    retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
      const auto core = weak.lock();
      if (!core || stopped) return;
      core->waiting_ = false;
      if (core->seen_ == Seen::foreign) core->seen_ = Seen::unknown;
      core->step();
    });
  }

  void acknowledge() {
    auto now_true = std::make_pair(wanted_.has_value(), wanted_.value_or(""));
    if (acknowledged_ == now_true) return;
    acknowledged_ = now_true;
    if (events_.on_acknowledged) events_.on_acknowledged(now_true.first, now_true.second);
  }

  Zookeeper& zookeeper_;
  const std::string path_;
  const milliseconds retry_pause_;
  const Events events_;
  asio::steady_timer retry_;
  std::mt19937 random_;
  int listener_ = 0;
  bool stopped_ = false;

  bool connected_ = false;
  std::int64_t session_ = 0;

  bool looked_ = false;   // on_looked was called
  bool decided_ = false;  // want() has been called
  std::optional<std::string> wanted_;
  std::optional<std::pair<bool, std::string>> acknowledged_;

  Seen seen_ = Seen::unknown;
  std::string data_;
  std::int32_t version_ = 0;
  std::int64_t other_session_ = 0;
  bool watching_ = false;
  bool busy_ = false;     // an operation is under way
  bool waiting_ = false;  // for the retry timer

  Backoff take_over_pause_{kTakeOverPause};
  std::chrono::steady_clock::time_point next_take_over_{};
};

EphemeralNode::EphemeralNode(asio::io_context& io, Zookeeper& zookeeper, std::string path, milliseconds retry,
                             Events events)
    : core_(std::make_shared<Core>(io, zookeeper, std::move(path), retry, std::move(events))) {
  core_->start();
}

EphemeralNode::~EphemeralNode() {
  core_->stop();
}

void EphemeralNode::want(std::optional<std::string> data) {
  core_->want(std::move(data));
}

void EphemeralNode::refresh() {
  core_->refresh();
}

bool EphemeralNode::settled() const {
  return core_->settled();
}

const std::string& EphemeralNode::path() const {
  return core_->path();
}

}  // namespace common::zookeeper
