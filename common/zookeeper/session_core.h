// How a session lives: opening, reconnecting, expiring, closing. Session is its face. Its callbacks hold it weakly: it
// may be gone when a thread of the pool comes back. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/runtime/alarm.h"
#include "common/runtime/blocking_pool.h"
#include "common/time/backoff.h"
#include "common/zookeeper/handle.h"
#include "common/zookeeper/host_addresses.h"
#include "common/zookeeper/listeners.h"
#include "common/zookeeper/session.h"

namespace common::zookeeper {

class Session::Core : public std::enable_shared_from_this<Session::Core> {
 public:
  Core(boost::asio::io_context& io, BlockingPool& pool, SessionOptions options);

  void open();
  void close(std::function<void()> done);
  void close_here();

  // The handle when requests may be sent, else null.
  Handle* usable() const { return connected_ && handle_ && opened_ ? handle_.get() : nullptr; }
  boost::asio::io_context& io() const { return io_; }

  void unwatch(const std::string& path);
  int listen(const std::string& path, Listener listener);
  void unlisten(int id) { listeners_.remove(id); }

  const SessionOptions& options() const { return options_; }
  SessionState state() const { return connected_ ? SessionState::connected : SessionState::connecting; }
  std::int64_t session_id() const { return session_id_; }
  SessionIdentity identity() const;

 private:
  using Clock = Alarm::Clock;

  void opened(const std::shared_ptr<Handle>& handle, int error);
  void look_hosts_up();
  void take_addresses(HostAddresses addresses);
  void reopen_when_due();
  void on_event(const std::shared_ptr<Handle>& handle, int type, int state, const std::string& path);
  void on_state(int state);
  void set_connected(bool connected, std::int64_t session_id);
  void set_client_id(const clientid_t& client_id);
  void expired();
  void credentials_refused();
  void reopen();
  bool hung_up_on_watches();
  void release(std::shared_ptr<Handle> handle, std::function<void()> done);
  void poll_state();
  void complain_when_away();

  boost::asio::io_context& io_;
  BlockingPool& pool_;
  const SessionOptions options_;
  Alarm retry_;
  Alarm poll_;
  std::mt19937 random_;
  Backoff backoff_;
  HostAddresses addresses_;    // as they were last looked up; none before the first time
  HostAddresses opened_with_;  // what the present handle was given
  bool looking_up_ = false;
  Backoff look_up_pause_{{std::chrono::seconds(1), std::chrono::seconds(10)}};
  Clock::time_point next_look_up_{};

  std::shared_ptr<Handle> handle_;  // null while closed or between two handles
  bool opened_ = false;             // open() of the present handle has returned
  bool connected_ = false;
  bool closed_ = false;
  std::int64_t session_id_ = 0;
  clientid_t client_id_{};  // the session with its password; zero: none to go on with
  Clock::time_point opened_at_ = Clock::now();
  Clock::time_point connected_at_{};
  Clock::time_point away_since_ = Clock::now();
  bool complained_ = false;
  bool open_failed_ = false;   // and it was said
  int short_connections_ = 0;  // one after the other
  bool can_unwatch_ = true;
  bool watches_lost_ = false;  // the present handle has not got those of the one before

  Listeners listeners_;
};

}  // namespace common::zookeeper
