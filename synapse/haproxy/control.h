// How HAProxy is made to load the file on disk. Two kinds: a command of the operator's (reload_command.h), or our own
// child (haproxy_child.h). Loop thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "common/result.h"

namespace synapse::haproxy {

class HaproxyControl {
 public:
  virtual ~HaproxyControl() = default;

  // Asks for it: starts HAProxy or reloads it. Whether it came to pass is seen on the runtime socket only.
  virtual boost::asio::awaitable<common::Result<void>> load() = 0;

  // False when it is known that no HAProxy runs, so that there is no use in asking its socket.
  virtual bool may_run() const = 0;

  // What HAProxy has complained of since the last load(), with what can be done about it; empty when that is not known.
  virtual std::string complaint() const { return {}; }

  // How many workers from before the last reload still have connections; nothing when that cannot be asked.
  virtual boost::asio::awaitable<std::optional<std::size_t>> old_workers() = 0;

  // We are leaving: ends HAProxy if it is ours, after its connections or the deadline. With `leave_running` it is left
  // to the next synapse.
  virtual boost::asio::awaitable<void> stop(bool leave_running) = 0;
};

}  // namespace synapse::haproxy
