#include "common/zookeeper/session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <random>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/telemetry/log.h"
#include "common/time/backoff.h"
#include "common/zookeeper/handle.h"

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// The C client misses state changes now and then; its state is looked at as often as this.
constexpr std::chrono::seconds kStatePollInterval{1};

// A handle that has been without a connection for this long is opened anew under the same session. It resolves the host
// names again, and comes to terms with servers that have lost their data and refuse whoever knows more than they do.
constexpr std::chrono::seconds kReopenAfter{10};

constexpr auto kNotConnected = "not connected to ZooKeeper";

clientid_t to_client_id(const SessionIdentity& identity) {
  clientid_t result{};
  result.client_id = identity.id;
  std::copy(identity.password.begin(), identity.password.end(), result.passwd);
  return result;
}

SessionIdentity to_identity(const clientid_t& client_id) {
  SessionIdentity result;
  result.id = client_id.client_id;
  std::copy(std::begin(client_id.passwd), std::end(client_id.passwd), result.password.begin());
  return result;
}

}  // namespace

class Session::Core : public std::enable_shared_from_this<Session::Core> {
 public:
  Core(asio::io_context& io, BlockingPool& pool, SessionOptions options)
      : io_(io),
        pool_(pool),
        options_(std::move(options)),
        retry_(io),
        poll_(io),
        random_(std::random_device{}()),
        client_id_(to_client_id(options_.resume)) {}

  void open();
  void close(std::function<void()> done);
  void close_here();
  void poll_state();

  // The handle when requests may be sent, else null.
  Handle* usable() const { return connected_ && handle_ && handle_->is_open() ? handle_.get() : nullptr; }
  asio::io_context& io() const { return io_; }

  int listen(const std::string& path, Listener listener);
  void unlisten(int id);

  const SessionOptions& options() const { return options_; }
  SessionState state() const { return connected_ ? SessionState::connected : SessionState::connecting; }
  std::int64_t session_id() const { return session_id_; }
  SessionIdentity identity() const { return to_identity(client_id_); }

 private:
  struct Registered {
    std::string path;
    Listener listener;
  };

  void opened(const std::shared_ptr<Handle>& handle, int error);
  void on_event(const std::shared_ptr<Handle>& handle, int type, int state, const std::string& path);
  void on_state(int state);
  void set_connected(bool connected, std::int64_t session_id);
  void set_client_id(const clientid_t& client_id);
  void expired();
  void reopen();
  void release(std::shared_ptr<Handle> handle, std::function<void()> done);
  void changed(const std::string& path);
  void tell(int id, const std::function<void(const Listener&)>& what);
  void complain_when_away();

  asio::io_context& io_;
  BlockingPool& pool_;
  const SessionOptions options_;
  asio::steady_timer retry_;
  asio::steady_timer poll_;
  std::mt19937 random_;
  Backoff backoff_;

  std::shared_ptr<Handle> handle_;  // null while closed or between two handles
  bool connected_ = false;
  bool closed_ = false;
  std::int64_t session_id_ = 0;
  clientid_t client_id_{};  // the session with its password; zero: none to go on with
  Clock::time_point opened_at_ = Clock::now();
  Clock::time_point away_since_ = Clock::now();
  bool complained_ = false;
  bool watches_lost_ = false;  // the present handle has not got those of the one before

  int next_listener_ = 0;
  std::map<int, Registered> listeners_;
  std::unordered_multimap<std::string, int> listeners_by_path_;
};

void Session::Core::open() {
  auto handle = std::make_shared<Handle>(io_, [weak = weak_from_this()](const std::shared_ptr<Handle>& from, int type,
                                                                        int state, const std::string& path) {
    if (const auto core = weak.lock()) core->on_event(from, type, state, path);
  });
  handle_ = handle;
  opened_at_ = Clock::now();
  auto error = std::make_shared<int>(0);
  pool_.run([handle, error, session = client_id_, hosts = options_.hosts,
             timeout = static_cast<int>(options_.timeout.count())] { *error = handle->open(hosts, timeout, session); },
            [weak = weak_from_this(), handle, error] {
              if (const auto core = weak.lock()) core->opened(handle, *error);
            });
}

void Session::Core::opened(const std::shared_ptr<Handle>& handle, int error) {
  if (error == 0) {
    if (handle_ == handle) return;
    release(handle, [] {});  // closed in the meantime
    return;
  }
  if (handle_ != handle) return;
  handle_.reset();
  const auto wait = backoff_.next(random_);
  log::warn("cannot open a ZooKeeper session with {}: {}; trying again in {} ms", options_.hosts,
            error == ENOENT ? "no host name resolves" : std::strerror(error), wait.count());
  retry_.expires_after(wait);
  retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
    const auto core = weak.lock();
    if (core && !stopped && !core->closed_) core->open();
  });
}

void Session::Core::on_event(const std::shared_ptr<Handle>& handle, int type, int state, const std::string& path) {
  if (handle != handle_ || closed_) return;
  if (type == ZOO_SESSION_EVENT) {
    on_state(state);
  } else if (type != ZOO_NOTWATCHING_EVENT) {
    changed(path);
  }
}

void Session::Core::on_state(int state) {
  if (state == ZOO_CONNECTED_STATE) {
    set_connected(true, handle_->session().client_id);
  } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
    expired();
  } else {
    set_connected(false, session_id_);
  }
}

void Session::Core::set_connected(bool connected, std::int64_t session_id) {
  if (connected == connected_ && session_id == session_id_) return;
  connected_ = connected;
  if (connected) {
    backoff_.reset();
    if (session_id == session_id_) {
      log::info("ZooKeeper session {:#x} is connected again", session_id);
    } else if (session_id == options_.resume.id) {
      log::info("resumed ZooKeeper session {:#x} of an earlier life with {}", session_id, options_.hosts);
    } else {
      log::info("ZooKeeper session {:#x} established with {}", session_id, options_.hosts);
    }
    session_id_ = session_id;
    set_client_id(handle_->session());
    complained_ = false;
  } else {
    away_since_ = Clock::now();
    log::warn("connection to ZooKeeper {} lost; the session {:#x} is kept and what was last known stays in force",
              options_.hosts, session_id_);
  }
  std::vector<int> ids;
  for (const auto& [id, registered] : listeners_) ids.push_back(id);
  const bool watches_lost = connected && std::exchange(watches_lost_, false);
  for (const int id : ids) {
    tell(id, [&](const Listener& listener) {
      if (watches_lost && listener.on_watches_lost) listener.on_watches_lost();
      if (listener.on_state) listener.on_state(state(), session_id_);
    });
  }
}

void Session::Core::set_client_id(const clientid_t& client_id) {
  const auto before = identity();
  client_id_ = client_id;
  if (identity() != before && options_.on_identity) options_.on_identity();
}

void Session::Core::expired() {
  if (session_id_ == 0) {
    log::info("ZooKeeper session {:#x} of an earlier life is over; opening a new one", client_id_.client_id);
  } else {
    log::warn("ZooKeeper session {:#x} expired; opening a new one", session_id_);
  }
  if (connected_) set_connected(false, session_id_);
  set_client_id({});
  release(std::exchange(handle_, nullptr), [] {});
  open();
}

// Two handles must never live with one session: the old one is closed first.
void Session::Core::reopen() {
  watches_lost_ = true;
  release(std::exchange(handle_, nullptr), [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (core && !core->closed_ && !core->handle_) core->open();
  });
}

void Session::Core::release(std::shared_ptr<Handle> handle, std::function<void()> done) {
  handle->abandon();
  pool_.run([handle] { handle->close(); },
            [handle, done = std::move(done)] {
              handle->forget();
              done();
            });
}

void Session::Core::close(std::function<void()> done) {
  closed_ = true;
  // Without a connection the servers do not hear of the end: who comes next can still take the session up.
  if (std::exchange(connected_, false)) set_client_id({});
  retry_.cancel();
  poll_.cancel();
  if (handle_ && handle_->is_open()) {
    release(std::exchange(handle_, nullptr), std::move(done));
    return;
  }
  handle_.reset();  // a handle that is still being opened is closed by opened()
  asio::post(io_, std::move(done));
}

void Session::Core::close_here() {
  closed_ = true;
  retry_.cancel();
  poll_.cancel();
  listeners_.clear();
  listeners_by_path_.clear();
  const auto handle = std::exchange(handle_, nullptr);
  if (!handle) return;
  handle->forget();
  handle->close();
}

void Session::Core::poll_state() {
  poll_.expires_after(kStatePollInterval);
  poll_.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
    const auto core = weak.lock();
    if (!core || stopped || core->closed_) return;
    if (core->handle_ && core->handle_->is_open()) core->on_state(core->handle_->state());
    core->complain_when_away();
    const auto since = Clock::now() - std::max(core->away_since_, core->opened_at_);
    if (core->handle_ && core->handle_->is_open() && !core->connected_ && since > kReopenAfter) core->reopen();
    core->poll_state();
  });
}

void Session::Core::complain_when_away() {
  const auto away = Clock::now() - away_since_;
  if (connected_ || complained_ || away < options_.timeout) return;
  complained_ = true;
  log::warn("no ZooKeeper server of {} has answered for {} ms; trying on", options_.hosts,
            std::chrono::duration_cast<std::chrono::milliseconds>(away).count());
}

int Session::Core::listen(const std::string& path, Listener listener) {
  const int id = ++next_listener_;
  listeners_.emplace(id, Registered{path, std::move(listener)});
  listeners_by_path_.emplace(path, id);
  if (connected_) {
    asio::post(io_, [weak = weak_from_this(), id] {
      const auto core = weak.lock();
      if (!core || !core->connected_) return;
      core->tell(id, [&](const Listener& told) {
        if (told.on_state) told.on_state(SessionState::connected, core->session_id_);
      });
    });
  }
  return id;
}

void Session::Core::unlisten(int id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  const auto [begin, end] = listeners_by_path_.equal_range(found->second.path);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second == id) {
      listeners_by_path_.erase(entry);
      break;
    }
  }
  listeners_.erase(found);
}

void Session::Core::changed(const std::string& path) {
  std::vector<int> ids;
  const auto collect = [&](const std::string& watched) {
    const auto [begin, end] = listeners_by_path_.equal_range(watched);
    for (auto entry = begin; entry != end; ++entry) ids.push_back(entry->second);
  };
  collect(path);
  if (const auto slash = path.rfind('/'); slash != std::string::npos) collect(slash == 0 ? "/" : path.substr(0, slash));
  for (const int id : ids) {
    tell(id, [&](const Listener& listener) {
      if (listener.on_change) listener.on_change(path);
    });
  }
}

// A listener may unlisten itself, or others, while it is being told: work on a copy, and look each one up.
void Session::Core::tell(int id, const std::function<void(const Listener&)>& what) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  const Listener listener = found->second.listener;
  what(listener);
}

Session::Session(asio::io_context& io, BlockingPool& pool, SessionOptions options)
    : core_(std::make_shared<Core>(io, pool, std::move(options))) {
  core_->open();
  core_->poll_state();
}

Session::~Session() {
  core_->close_here();
}

void Session::get(const std::string& path, bool watch, std::function<void(GetReply)> done) {
  if (auto* handle = core_->usable()) return handle->get(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, "", {}}); });
}

void Session::children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) {
  if (auto* handle = core_->usable()) return handle->children(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, {}}); });
}

void Session::exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) {
  if (auto* handle = core_->usable()) return handle->exists(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, {}}); });
}

void Session::commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) {
  if (auto* handle = core_->usable()) return handle->commit(operations, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected}); });
}

int Session::listen(const std::string& path, Listener listener) {
  return core_->listen(path, std::move(listener));
}

void Session::unlisten(int id) {
  core_->unlisten(id);
}

const std::string& Session::hosts() const {
  return core_->options().hosts;
}

SessionState Session::state() const {
  return core_->state();
}

std::int64_t Session::session_id() const {
  return core_->session_id();
}

SessionIdentity Session::identity() const {
  return core_->identity();
}

void Session::close(std::function<void()> done) {
  core_->close(std::move(done));
}

}  // namespace common::zookeeper
