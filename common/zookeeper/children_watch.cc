#include "common/zookeeper/children_watch.h"

#include <random>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/limits/limits.h"
#include "common/runtime/alarm.h"
#include "common/time/backoff.h"
#include "common/zookeeper/read_queue.h"

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;
using Clock = Alarm::Clock;
using std::chrono::milliseconds;

// Reads that belong together arrive together; a snapshot waits for them, but not longer than this.
constexpr milliseconds kSnapshotWaitsAtMost{50};

// Made when it is needed, which is seldom: one for each of hundreds of watches would be megabytes.
std::mt19937 seeded_random() {
  return std::mt19937(std::random_device{}());
}

}  // namespace

class ChildrenWatch::Core : public std::enable_shared_from_this<ChildrenWatch::Core> {
 public:
  Core(asio::io_context& io, Zookeeper& zookeeper, Options options, Events events)
      : zookeeper_(zookeeper),
        options_(std::move(options)),
        known_(options_.needs_data, options_.bounds),
        events_(std::move(events)),
        retry_(io, [this] { go_on(); }),
        full_check_(io, [this] { check_all(); }),
        snapshot_due_(io, [this] { tell_in_time(); }),
        queue_(options_.max_reads_in_flight) {}

  void start() {
    listener_ =
        zookeeper_.listen(options_.path, {.on_state =
                                              [weak = weak_from_this()](SessionState state, std::int64_t session) {
                                                if (const auto core = weak.lock()) core->on_state(state, session);
                                              },
                                          .on_change =
                                              [weak = weak_from_this()](const std::string& changed) {
                                                if (const auto core = weak.lock()) core->on_change(changed);
                                              },
                                          .on_watches_lost =
                                              [weak = weak_from_this()] {
                                                if (const auto core = weak.lock()) core->look_due_ = true;
                                              },
                                          .on_deleted =
                                              [weak = weak_from_this()](const std::string& deleted) {
                                                if (const auto core = weak.lock()) core->on_deleted(deleted);
                                              }});
    schedule_full_check();
  }

  void stop() {
    stopped_ = true;
    retry_.clear();
    full_check_.clear();
    snapshot_due_.clear();
    zookeeper_.unlisten(listener_);
  }

  Clock::time_point confirmed() const { return confirmed_; }

 private:
  void on_state(SessionState state, std::int64_t session) {
    connected_ = state == SessionState::connected;
    if (!connected_) return;
    // Within one session the client arms its watches again and tells what changed meanwhile; only the list is read, in
    // case it did not. A new session has no watches: each node is watched again, while the old data stays in force.
    if (session != session_) {
      session_ = session;
      look_due_ = true;
    }
    list();
    ask_more();
  }

  void on_change(const std::string& changed) {
    if (changed == options_.path) return list();
    const auto child = child_of(changed);
    if (!known_.is_to_be_read(child)) return;
    queue_.read(child);
    ask_more();
  }

  // The watch of the list tells the same. Reading the node would only be asking for it in vain, unless it has been
  // created again by then: it is the list that says so.
  void on_deleted(const std::string& deleted) {
    if (deleted == options_.path) return list();
    known_.deleted(child_of(deleted));
  }

  std::string child_of(const std::string& path) const {
    return path.substr(options_.path == "/" ? 1 : options_.path.size() + 1);
  }

  std::string path_of(const std::string& child) const {
    return options_.path == "/" ? "/" + child : options_.path + "/" + child;
  }

  void list() {
    if (stopped_ || !connected_) return;
    if (listing_) {
      list_again_ = true;
      return;
    }
    listing_ = true;
    zookeeper_.children(options_.path, true, [weak = weak_from_this()](ChildrenReply reply) {
      if (const auto core = weak.lock(); core && !core->stopped_) core->on_list(reply);
    });
  }

  void on_list(const ChildrenReply& reply) {
    listing_ = false;
    if (reply.status == Status::ok) {
      confirmed_ = Clock::now();
      take_list({reply.children.begin(), reply.children.end()});
    } else if (reply.status == Status::no_node) {
      take_list({});
      return await_path();
    } else {
      if (reply.status != Status::lost) look_if_due();
      return failed(reply.status, "list " + options_.path + ": " + reply.error);
    }
    if (std::exchange(list_again_, false)) list();
  }

  // Only exists() leaves a watch on a node that is not there.
  void await_path() {
    listing_ = true;
    zookeeper_.exists(options_.path, true, [weak = weak_from_this()](ExistsReply reply) {
      const auto core = weak.lock();
      if (!core || core->stopped_) return;
      core->listing_ = false;
      if (reply.status == Status::no_node) {
        core->confirmed_ = Clock::now();
        if (std::exchange(core->list_again_, false)) core->list();
      } else if (reply.status == Status::ok) {
        core->list_again_ = false;
        core->list();
      } else {
        core->failed(reply.status, "look for " + core->options_.path + ": " + reply.error);
      }
    });
  }

  void take_list(const std::set<std::string>& names) {
    const auto difference = known_.list(names);
    for (const auto& child : difference.gone) queue_.forget(child);
    for (const auto& child : difference.to_read) queue_.read(child);
    look_if_due();
    ask_more();
    settle();
  }

  // Watches all again. exists() does that, too, and what it answers tells whether the data must be read: most did not
  // change. On those that are gone it leaves a watch, so the list comes first.
  void look_if_due() {
    if (!std::exchange(look_due_, false)) return;
    for (const auto& child : known_.to_be_read()) queue_.look_at(child);
    ask_more();
  }

  void ask_more() {
    while (connected_) {
      const auto request = queue_.next();
      if (!request) return;
      const auto path = path_of(request->node);
      if (request->read) {
        zookeeper_.get(path, true, [weak = weak_from_this(), child = request->node](GetReply reply) {
          if (const auto core = weak.lock(); core && !core->stopped_) core->on_read(child, std::move(reply));
        });
      } else {
        zookeeper_.exists(path, true, [weak = weak_from_this(), child = request->node](ExistsReply reply) {
          if (const auto core = weak.lock(); core && !core->stopped_) core->on_seen(child, reply);
        });
      }
    }
  }

  void on_seen(const std::string& child, const ExistsReply& reply) {
    if (reply.status == Status::ok) {
      if (known_.differs(child, reply.stat)) queue_.read(child);
    } else if (reply.status == Status::lost) {
      queue_.lost({child, false});
      return failed(reply.status, "");
    } else {
      if (reply.status == Status::no_node) zookeeper_.unwatch(path_of(child));
      no_data(child, reply.status, reply.error);
    }
    go_on_after(child);
  }

  void on_read(const std::string& child, GetReply reply) {
    if (reply.status == Status::ok) {
      known_.read(child, std::move(reply.data), reply.stat);
    } else if (reply.status == Status::lost) {
      queue_.lost({child, true});
      return failed(reply.status, "");
    } else {
      no_data(child, reply.status, reply.error);
    }
    go_on_after(child);
  }

  void no_data(const std::string& child, Status status, const std::string& error) {
    if (status == Status::no_node) {
      // Gone between the list and the read; should it come back, the list says so.
      known_.gone(child);
      queue_.forget(child);
      return list();
    }
    // Such as no permission. It must not keep the others waiting: without data it is left out, and tried again.
    known_.unreadable(child);
    unreadable_.insert(child);
    failed(status, "read " + options_.path + "/" + child + ": " + error);
  }

  void go_on_after(const std::string& child) {
    queue_.answered(child);
    ask_more();
    settle();
  }

  // Decides whether what is known now is worth a snapshot.
  void settle() {
    if (!known_.is_complete()) return;
    if (queue_.idle()) {
      if (known_.has_news()) tell();
      tell_left_out();
      recover();
      return;
    }
    if (!told_ || !known_.has_news() || snapshot_pending_) return;
    snapshot_pending_ = true;
    snapshot_due_.set(Clock::now() + kSnapshotWaitsAtMost);
  }

  void tell_in_time() {
    const auto alive = shared_from_this();  // whoever is told may take it away
    snapshot_pending_ = false;
    if (known_.has_news()) tell();
  }

  void tell() {
    told_ = true;
    snapshot_pending_ = false;
    snapshot_due_.clear();
    events_.on_snapshot(known_.tell());
  }

  // When it begins, and whenever there are twice as many.
  void tell_left_out() {
    const auto left_out = known_.left_out();
    if (left_out == 0) left_out_ = 0;
    if (left_out == 0 || left_out < 2 * left_out_) return;
    left_out_ = left_out;
    limit_hit(Limit::children);
    failing_ = true;
    if (!events_.on_failed) return;
    events_.on_failed(
        fmt::format("{} has {} nodes; {} of them are used, those that were there before and then by their names, as "
                    "far as there is room",
                    options_.path, known_.present(), known_.present() - left_out));
  }

  void failed(Status status, const std::string& what) {
    if (status != Status::lost) {
      failing_ = true;
      if (events_.on_failed) events_.on_failed(what);
    }
    if (retrying_) return;
    retrying_ = true;
    auto random = seeded_random();
    retry_.set(Clock::now() + pause_.next(random));
  }

  void recover() {
    if (!failing_ || retrying_ || listing_ || !unreadable_.empty() || left_out_ != 0) return;
    failing_ = false;
    if (events_.on_recovered) events_.on_recovered();
  }

  void go_on() {
    retrying_ = false;
    for (const auto& child : std::exchange(unreadable_, {})) {
      if (known_.is_to_be_read(child)) queue_.read(child);
    }
    list();
    ask_more();
  }

  void schedule_full_check() {
    const auto interval = options_.full_check_interval;
    std::uniform_int_distribution<std::int64_t> spread(interval.count() * 3 / 4, interval.count() * 5 / 4);
    auto random = seeded_random();
    full_check_.set(Clock::now() + milliseconds(spread(random)));
  }

  void check_all() {
    if (connected_) {
      look_due_ = true;
      list();
      ask_more();
    }
    pause_.reset();
    schedule_full_check();
  }

  Zookeeper& zookeeper_;
  const Options options_;
  KnownChildren known_;
  const Events events_;
  Alarm retry_;
  Alarm full_check_;
  Alarm snapshot_due_;
  int listener_ = 0;
  bool stopped_ = false;

  bool connected_ = false;
  std::int64_t session_ = 0;
  Clock::time_point confirmed_{};

  bool listing_ = false;
  bool list_again_ = false;
  bool look_due_ = false;  // at all that the next list names

  ReadQueue queue_;
  std::set<std::string> unreadable_;  // to be read again after a pause

  std::size_t left_out_ = 0;  // as was last told of
  bool told_ = false;
  bool snapshot_pending_ = false;

  bool retrying_ = false;
  bool failing_ = false;  // something other than the connection
  Backoff pause_{{milliseconds(100), milliseconds(5'000)}};
};

ChildrenWatch::ChildrenWatch(asio::io_context& io, Zookeeper& zookeeper, Options options, Events events)
    : core_(std::make_shared<Core>(io, zookeeper, std::move(options), std::move(events))) {
  core_->start();
}

ChildrenWatch::~ChildrenWatch() {
  core_->stop();
}

Clock::time_point ChildrenWatch::confirmed() const {
  return core_->confirmed();
}

}  // namespace common::zookeeper
