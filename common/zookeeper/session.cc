#include "common/zookeeper/session.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <zookeeper/zookeeper.h>

#include "common/telemetry/log.h"
#include "common/time/backoff.h"

// zoo_amulti is declared by the header; the synchronous calls, which need THREADED, are not used.

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// The C client misses state changes now and then; its state is looked at as often as this.
constexpr std::chrono::seconds kStatePollInterval{1};

// A handle that has been without a connection for this long is opened anew under the same session. It resolves the host
// names again, and comes to terms with servers that have lost their data and refuse whoever knows more than they do.
constexpr std::chrono::seconds kReopenAfter{10};

Status to_status(int code) {
  switch (code) {
    case ZOK:
      return Status::ok;
    case ZNONODE:
      return Status::no_node;
    case ZNODEEXISTS:
      return Status::node_exists;
    case ZBADVERSION:
      return Status::bad_version;
    case ZNOTEMPTY:
      return Status::not_empty;
    case ZNOAUTH:
    case ZAUTHFAILED:
    case ZINVALIDACL:
      return Status::no_auth;
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZINVALIDSTATE:
    case ZCLOSING:
      return Status::lost;
    default:
      return Status::failed;
  }
}

Stat to_stat(const ::Stat& stat) {
  return {.created_zxid = stat.czxid,
          .modified_zxid = stat.mzxid,
          .created_ms = stat.ctime,
          .modified_ms = stat.mtime,
          .version = stat.version,
          .child_version = stat.cversion,
          .owner = stat.ephemeralOwner};
}

// What a completion brought, whatever the operation was.
struct Reply {
  int code = ZCONNECTIONLOSS;
  std::string data;
  std::vector<std::string> children;
  Stat stat;

  Status status() const { return to_status(code); }
  std::string error() const { return code == ZOK ? "" : zerror(code); }
};

struct Handle;

// One request under way. The completion thread writes `reply` and then posts; the loop reads it after that.
struct Call {
  std::shared_ptr<Handle> handle;
  std::uint64_t id = 0;
  Reply reply;
  std::function<void(const Reply&)> done;  // loop thread only
  std::vector<zoo_op_result_t> results;    // written by the client for commit()
  std::array<char, 8> created_path{};      // commit() does not look at it
};

// A C handle and everything its threads may still touch. It lives until zookeeper_close() has joined them.
struct Handle : std::enable_shared_from_this<Handle> {
  Handle(asio::io_context& loop, std::function<void(const std::shared_ptr<Handle>&, int, int, std::string)> watch_event)
      : io(loop), on_event(std::move(watch_event)) {}

  asio::io_context& io;
  // type, state, path; called on the loop.
  std::function<void(const std::shared_ptr<Handle>&, int, int, std::string)> on_event;
  std::atomic<zhandle_t*> zh{nullptr};
  std::atomic<std::int64_t> session_id{0};
  clientid_t wanted_session{};                                     // of an earlier handle; zero: a new one
  std::unordered_map<std::uint64_t, std::unique_ptr<Call>> calls;  // loop thread only
  std::uint64_t next_call = 0;

  Call& new_call(std::function<void(const Reply&)> done) {
    auto call = std::make_unique<Call>();
    call->handle = shared_from_this();
    call->id = ++next_call;
    call->done = std::move(done);
    return *(calls[next_call] = std::move(call));
  }

  void finish(std::uint64_t id) {
    const auto found = calls.find(id);
    if (found == calls.end()) return;
    const auto call = std::move(found->second);
    calls.erase(found);
    if (call->done) call->done(call->reply);
  }

  // Answers everybody who waits; late completions find nobody.
  void abandon() {
    for (auto& [id, call] : calls) {
      if (auto done = std::exchange(call->done, nullptr)) {
        asio::post(io, [done = std::move(done)] { done(Reply{}); });
      }
    }
  }
};

// From here to the next mark: on the client's threads. Copy and post, nothing else.
void post_finish(const void* data) {
  const auto* call = static_cast<const Call*>(data);
  asio::post(call->handle->io, [handle = call->handle, id = call->id] { handle->finish(id); });
}

Reply& reply_of(const void* data, int code) {
  auto& reply = const_cast<Call*>(static_cast<const Call*>(data))->reply;
  reply.code = code;
  return reply;
}

void on_data(int code, const char* value, int length, const ::Stat* stat, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && value != nullptr && length > 0) reply.data.assign(value, static_cast<std::size_t>(length));
  if (code == ZOK && stat != nullptr) reply.stat = to_stat(*stat);
  post_finish(data);
}

void on_strings(int code, const String_vector* strings, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && strings != nullptr) reply.children.assign(strings->data, strings->data + strings->count);
  post_finish(data);
}

void on_stat(int code, const ::Stat* stat, const void* data) {
  auto& reply = reply_of(data, code);
  if (code == ZOK && stat != nullptr) reply.stat = to_stat(*stat);
  post_finish(data);
}

void on_void(int code, const void* data) {
  reply_of(data, code);
  post_finish(data);
}

void on_watch(zhandle_t* zh, int type, int state, const char* path, void* context) {
  auto handle = static_cast<Handle*>(context)->shared_from_this();
  handle->zh = zh;
  if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) {
    handle->session_id = zoo_client_id(zh)->client_id;
  }
  auto& io = handle->io;
  asio::post(io,
             [handle = std::move(handle), type, state, changed = std::string(path == nullptr ? "" : path)]() mutable {
               handle->on_event(handle, type, state, std::move(changed));
             });
}

// It repeats "connection refused" thirty times a second: of use to nobody but a developer.
void on_client_log(const char* message) {
  if (log::enabled(log::Level::trace)) log::write(log::Level::trace, message);
}
// End of the client's threads.

}  // namespace

class Session::Core : public std::enable_shared_from_this<Session::Core> {
 public:
  Core(asio::io_context& io, BlockingPool& pool, SessionOptions options)
      : io_(io), pool_(pool), options_(std::move(options)), retry_(io), poll_(io), random_(std::random_device{}()) {}

  void open();
  void close(std::function<void()> done);
  void close_here();
  void poll_state();

  template <class Start>
  void call(std::function<void(const Reply&)> done, Start start);

  int listen(const std::string& path, Listener listener);
  void unlisten(int id);

  const SessionOptions& options() const { return options_; }
  SessionState state() const { return connected_ ? SessionState::connected : SessionState::connecting; }
  std::int64_t session_id() const { return session_id_; }

 private:
  struct Registered {
    std::string path;
    Listener listener;
  };

  void opened(const std::shared_ptr<Handle>& handle, int open_errno);
  void on_event(const std::shared_ptr<Handle>& handle, int type, int state, const std::string& path);
  void on_state(int state);
  void set_connected(bool connected, std::int64_t session_id);
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

  int next_listener_ = 0;
  std::map<int, Registered> listeners_;
  std::unordered_multimap<std::string, int> listeners_by_path_;
};

void Session::Core::open() {
  auto handle = std::make_shared<Handle>(
      io_, [weak = weak_from_this()](const std::shared_ptr<Handle>& from, int type, int state, std::string path) {
        if (const auto core = weak.lock()) core->on_event(from, type, state, path);
      });
  handle->wanted_session = client_id_;
  handle_ = handle;
  opened_at_ = Clock::now();
  auto open_errno = std::make_shared<int>(0);
  pool_.run(
      [handle, open_errno, hosts = options_.hosts, timeout = static_cast<int>(options_.timeout.count())] {
        zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
        errno = 0;
        const clientid_t* session = handle->wanted_session.client_id != 0 ? &handle->wanted_session : nullptr;
        zhandle_t* zh = zookeeper_init2(hosts.c_str(), on_watch, timeout, session, handle.get(), 0, on_client_log);
        *open_errno = errno;
        // By default the client resolves the names again at each turn, and drops a healthy connection when they flap.
        if (zh != nullptr) zoo_set_servers_resolution_delay(zh, -1);
        handle->zh = zh;
      },
      [weak = weak_from_this(), handle, open_errno] {
        if (const auto core = weak.lock()) core->opened(handle, *open_errno);
      });
}

void Session::Core::opened(const std::shared_ptr<Handle>& handle, int open_errno) {
  if (handle->zh != nullptr) {
    if (handle_ == handle) return;
    release(handle, [] {});  // closed in the meantime
    return;
  }
  if (handle_ != handle) return;
  handle_.reset();
  const auto wait = backoff_.next(random_);
  log::warn("cannot open a ZooKeeper session with {}: {}; trying again in {} ms", options_.hosts,
            open_errno == ENOENT || open_errno == 0 ? "no host name resolves" : std::strerror(open_errno),
            wait.count());
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
    set_connected(true, handle_->session_id);
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
    if (session_id != session_id_) {
      log::info("ZooKeeper session {:#x} established with {}", session_id, options_.hosts);
    } else {
      log::info("ZooKeeper session {:#x} is connected again", session_id);
    }
    session_id_ = session_id;
    client_id_ = *zoo_client_id(handle_->zh);
    complained_ = false;
  } else {
    away_since_ = Clock::now();
    log::warn("connection to ZooKeeper {} lost; the session {:#x} is kept and what was last known stays in force",
              options_.hosts, session_id_);
  }
  std::vector<int> ids;
  for (const auto& [id, registered] : listeners_) ids.push_back(id);
  for (const int id : ids) {
    tell(id, [&](const Listener& listener) {
      if (listener.on_state) listener.on_state(state(), session_id_);
    });
  }
}

void Session::Core::expired() {
  log::warn("ZooKeeper session {:#x} expired; opening a new one", session_id_);
  if (connected_) set_connected(false, session_id_);
  client_id_ = {};
  release(std::exchange(handle_, nullptr), [] {});
  open();
}

// Two handles must never live with one session: the old one is closed first.
void Session::Core::reopen() {
  release(std::exchange(handle_, nullptr), [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (core && !core->closed_ && !core->handle_) core->open();
  });
}

void Session::Core::release(std::shared_ptr<Handle> handle, std::function<void()> done) {
  handle->abandon();
  pool_.run(
      [handle] {
        if (zhandle_t* zh = handle->zh.exchange(nullptr)) zookeeper_close(zh);
      },
      [handle, done = std::move(done)] {
        handle->calls.clear();  // they hold the handle
        done();
      });
}

void Session::Core::close(std::function<void()> done) {
  closed_ = true;
  connected_ = false;
  retry_.cancel();
  poll_.cancel();
  if (handle_ && handle_->zh != nullptr) {
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
  for (auto& [id, call] : handle->calls) call->done = nullptr;
  if (zhandle_t* zh = handle->zh.exchange(nullptr)) zookeeper_close(zh);
  handle->calls.clear();
}

void Session::Core::poll_state() {
  poll_.expires_after(kStatePollInterval);
  poll_.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
    const auto core = weak.lock();
    if (!core || stopped || core->closed_) return;
    if (core->handle_ && core->handle_->zh != nullptr) {
      const int state = zoo_state(core->handle_->zh);
      if (state == ZOO_CONNECTED_STATE) core->handle_->session_id = zoo_client_id(core->handle_->zh)->client_id;
      core->on_state(state);
    }
    core->complain_when_away();
    const auto since = Clock::now() - std::max(core->away_since_, core->opened_at_);
    if (core->handle_ && core->handle_->zh != nullptr && !core->connected_ && since > kReopenAfter) core->reopen();
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

template <class Start>
void Session::Core::call(std::function<void(const Reply&)> done, Start start) {
  if (!connected_ || !handle_ || handle_->zh == nullptr) {
    asio::post(io_, [done = std::move(done)] { done(Reply{}); });
    return;
  }
  Call& call = handle_->new_call(std::move(done));
  const int code = start(handle_->zh.load(), call);
  if (code == ZOK) return;
  call.reply.code = code;
  asio::post(io_, [handle = handle_, id = call.id] { handle->finish(id); });
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
  core_->call(
      [done = std::move(done)](const Reply& reply) {
        done({reply.status(), reply.error(), reply.data, reply.stat});
      },
      [&](zhandle_t* zh, Call& call) { return zoo_aget(zh, path.c_str(), watch ? 1 : 0, on_data, &call); });
}

void Session::children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) {
  core_->call(
      [done = std::move(done)](const Reply& reply) {
        done({reply.status(), reply.error(), reply.children});
      },
      [&](zhandle_t* zh, Call& call) { return zoo_aget_children(zh, path.c_str(), watch ? 1 : 0, on_strings, &call); });
}

void Session::exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) {
  core_->call(
      [done = std::move(done)](const Reply& reply) {
        done({reply.status(), reply.error(), reply.stat});
      },
      [&](zhandle_t* zh, Call& call) { return zoo_aexists(zh, path.c_str(), watch ? 1 : 0, on_stat, &call); });
}

void Session::commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) {
  core_->call(
      [done = std::move(done)](const Reply& reply) {
        done({reply.status(), reply.error()});
      },
      [&](zhandle_t* zh, Call& call) {
        // The client serialises everything before it returns, but for the results and the created path's buffer.
        call.results.resize(operations.size());
        std::vector<zoo_op_t> ops(operations.size());
        for (std::size_t i = 0; i < operations.size(); ++i) {
          if (const auto* create = std::get_if<CreateOperation>(&operations[i])) {
            zoo_create_op_init(&ops[i], create->path.c_str(), create->data.data(),
                               static_cast<int>(create->data.size()), &ZOO_OPEN_ACL_UNSAFE,
                               create->ephemeral ? ZOO_EPHEMERAL : 0, call.created_path.data(),
                               static_cast<int>(call.created_path.size()));
          } else if (const auto* set = std::get_if<SetOperation>(&operations[i])) {
            zoo_set_op_init(&ops[i], set->path.c_str(), set->data.data(), static_cast<int>(set->data.size()), -1,
                            nullptr);
          } else if (const auto* remove = std::get_if<DeleteOperation>(&operations[i])) {
            zoo_delete_op_init(&ops[i], remove->path.c_str(), remove->version);
          }
        }
        return zoo_amulti(zh, static_cast<int>(ops.size()), ops.data(), call.results.data(), on_void, &call);
      });
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

void Session::close(std::function<void()> done) {
  core_->close(std::move(done));
}

}  // namespace common::zookeeper
