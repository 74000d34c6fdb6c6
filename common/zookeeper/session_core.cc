#include "common/zookeeper/session_core.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

#include "common/telemetry/log.h"
#include "common/time/beat.h"

namespace common::zookeeper {
namespace {

namespace asio = boost::asio;

// How often the state is looked at without a connection; with one it is seldom news.
constexpr std::chrono::seconds kPollWhenAway{1};

// A connection that ends sooner, because the credentials are refused on it, does not end the back-off.
constexpr std::chrono::seconds kHealthyAfter{2};

// After each reconnect the client sets all watches again with one request, and the servers hang up when it is longer
// than their jute.maxbuffer, 1 MB by default: ZOOKEEPER-706. So much is never too long.
constexpr std::size_t kWatchesNeverTooLong = 256 * 1024;
constexpr int kShortConnectionsUntilReopened = 3;

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

Session::Core::Core(asio::io_context& io, BlockingPool& pool, SessionOptions options)
    : io_(io),
      pool_(pool),
      options_(std::move(options)),
      retry_(io, [this] { open(); }),
      poll_(io, [this] { poll_state(); }),
      random_(std::random_device{}()),
      client_id_(to_client_id(options_.resume)) {
  poll_.set(next_beat(Clock::now()));
}

void Session::Core::open() {
  auto handle = std::make_shared<Handle>(io_, [weak = weak_from_this()](const std::shared_ptr<Handle>& from, int type,
                                                                        int state, const std::string& path) {
    if (const auto core = weak.lock()) core->on_event(from, type, state, path);
  });
  handle_ = handle;
  opened_ = false;
  opened_at_ = Clock::now();
  auto error = std::make_shared<int>(0);
  // Those that are known are used without asking anybody; what has changed meanwhile follows.
  auto addresses = std::make_shared<HostAddresses>(addresses_);
  if (!addresses->empty()) look_hosts_up();
  const auto& who = options_.credentials;
  pool_.run(
      [handle, error, addresses, session = client_id_, hosts = options_.hosts,
       timeout = static_cast<int>(options_.timeout.count()),
       credentials = who.username.empty() ? "" : who.username + ":" + who.password] {
        if (addresses->empty()) *addresses = look_up_hosts(hosts, {});
        if (addresses->empty()) {
          *error = ENOENT;
          return;
        }
        *error = handle->open(with_addresses(hosts, *addresses), timeout, session, credentials);
      },
      [weak = weak_from_this(), handle, error, addresses, &pool = pool_] {
        const auto core = weak.lock();
        if (!core) {  // closed in the meantime, and forgotten by whoever had it
          handle->forget();
          if (*error == 0) pool.run([handle] { handle->close(); }, [] {});
          return;
        }
        if (core->addresses_.empty()) core->addresses_ = *addresses;
        core->opened_with_ = std::move(*addresses);
        core->opened(handle, *error);
      });
}

void Session::Core::opened(const std::shared_ptr<Handle>& handle, int error) {
  if (error == 0) {
    if (handle_ != handle) return release(handle, [] {});  // closed in the meantime
    opened_ = true;
    return on_state(handle->state());
  }
  if (handle_ != handle) return;
  handle_.reset();
  const auto wait = backoff_.next(random_);
  if (!std::exchange(open_failed_, true)) {
    log::warn("cannot open a ZooKeeper session with {}: {}; trying again until it works", options_.hosts,
              error == ENOENT ? "no host name resolves" : std::strerror(error));
  }
  retry_.set(Clock::now() + wait);
}

void Session::Core::on_event(const std::shared_ptr<Handle>& handle, int type, int state, const std::string& path) {
  // Nobody may send anything before the credentials are on their way: they are given after the start.
  if (handle != handle_ || closed_ || !opened_) return;
  if (type == ZOO_SESSION_EVENT) {
    on_state(state);
  } else if (type != ZOO_NOTWATCHING_EVENT) {
    listeners_.tell_change(path, type == ZOO_DELETED_EVENT);
  }
}

void Session::Core::on_state(int state) {
  if (state == ZOO_CONNECTED_STATE) {
    const auto id = handle_->session().client_id;
    // The client takes the refusal of a session that it was opened with for a session without an id.
    if (id == 0) return expired();
    set_connected(true, id);
  } else if (state == ZOO_EXPIRED_SESSION_STATE) {
    expired();
  } else if (state == ZOO_AUTH_FAILED_STATE) {
    credentials_refused();
  } else {
    set_connected(false, session_id_);
    if (hung_up_on_watches()) {
      log::warn(
          "ZooKeeper {} has hung up several times right after a connection, maybe because so many watches are set at "
          "once (more than its jute.maxbuffer); going on with the session, and setting them one by one",
          options_.hosts);
      reopen();
    }
  }
}

void Session::Core::set_connected(bool connected, std::int64_t session_id) {
  if (connected == connected_ && session_id == session_id_) return;
  connected_ = connected;
  if (connected) {
    connected_at_ = Clock::now();
    if (session_id == session_id_) {
      log::info("ZooKeeper session {:#x} is connected again", session_id);
    } else if (session_id == options_.resume.id) {
      log::info("resumed ZooKeeper session {:#x} of an earlier life with {}", session_id, options_.hosts);
    } else {
      log::info("ZooKeeper session {:#x} established with {}", session_id, options_.hosts);
    }
    session_id_ = session_id;
    set_client_id(handle_->session());
    complained_ = open_failed_ = false;
    look_up_pause_.reset();
    next_look_up_ = {};
  } else {
    away_since_ = Clock::now();
    poll_.set(away_since_ + kPollWhenAway);
    if (handle_) handle_->give_up_waiting();
    short_connections_ = away_since_ - connected_at_ < kHealthyAfter ? short_connections_ + 1 : 0;
    log::warn("connection to ZooKeeper {} lost; the session {:#x} is kept and what was last known stays in force",
              options_.hosts, session_id_);
    look_hosts_up();
  }
  listeners_.tell_state(state(), session_id_, connected && std::exchange(watches_lost_, false));
}

bool Session::Core::hung_up_on_watches() {
  if (!handle_ || !opened_ || short_connections_ < kShortConnectionsUntilReopened) return false;
  short_connections_ = 0;
  return handle_->watched_bytes() > kWatchesNeverTooLong;
}

SessionIdentity Session::Core::identity() const {
  return to_identity(client_id_);
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

// The servers close the connection at that, so that the session cannot be used either.
void Session::Core::credentials_refused() {
  if (connected_) set_connected(false, session_id_);
  watches_lost_ = true;
  release(std::exchange(handle_, nullptr), [] {});
  const auto wait = backoff_.next(random_);
  log::error("ZooKeeper {} refuses the credentials of user \"{}\"; trying again in {} ms", options_.hosts,
             options_.credentials.username, wait.count());
  retry_.set(Clock::now() + wait);
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
  retry_.clear();
  poll_.clear();
  if (handle_ && opened_) {
    release(std::exchange(handle_, nullptr), std::move(done));
    return;
  }
  handle_.reset();  // a handle that is still being opened is closed by opened()
  asio::post(io_, std::move(done));
}

void Session::Core::close_here() {
  closed_ = true;
  retry_.clear();
  poll_.clear();
  listeners_.clear();
  const auto handle = std::exchange(handle_, nullptr);
  if (!handle) return;
  handle->forget();
  handle->close();
}

// The C client misses state changes now and then.
void Session::Core::poll_state() {
  poll_.set(connected_ ? next_beat(Clock::now()) : Clock::now() + kPollWhenAway);
  if (handle_ && opened_) on_state(handle_->state());
  complain_when_away();
  const auto now = Clock::now();
  if (handle_ && opened_ && !connected_ && now >= next_look_up_) {
    next_look_up_ = now + look_up_pause_.next(random_);
    look_hosts_up();
  }
  if (connected_ && now - connected_at_ > kHealthyAfter) backoff_.reset();
  reopen_when_due();
}

void Session::Core::complain_when_away() {
  const auto away = Clock::now() - away_since_;
  if (connected_ || complained_ || away < options_.timeout) return;
  complained_ = true;
  log::warn("no ZooKeeper server of {} has answered for {} ms; trying on", options_.hosts,
            std::chrono::duration_cast<std::chrono::milliseconds>(away).count());
}

void Session::Core::unwatch(const std::string& path) {
  if (!usable() || !can_unwatch_) return;
  handle_->unwatch(path, [weak = weak_from_this(), path](Status status) {
    const auto core = weak.lock();
    if (!core) return;
    if (status == Status::ok) return core->listeners_.tell_change(path, false);
    // Servers before 3.5 do not know the request, and may hang up: rather a watch too many.
    core->can_unwatch_ = false;
  });
}

int Session::Core::listen(const std::string& path, Listener listener) {
  const int id = listeners_.add(path, std::move(listener));
  if (connected_) {
    asio::post(io_, [weak = weak_from_this(), id] {
      const auto core = weak.lock();
      if (core && core->connected_) core->listeners_.tell_state(id, SessionState::connected, core->session_id_);
    });
  }
  return id;
}

}  // namespace common::zookeeper
