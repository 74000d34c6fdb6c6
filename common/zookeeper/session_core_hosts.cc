// The part of a session that knows where the servers are, and when a handle is worth no more.
#include <algorithm>
#include <chrono>
#include <utility>

#include "common/zookeeper/session_core.h"

namespace common::zookeeper {
namespace {

// A handle that has been without a connection for so many of its timeouts is opened anew under the same session. It
// resolves the host names again, and comes to terms with servers that have lost their data and refuse whoever knows
// more than they do. Before that it has tried several servers, also when they are silent.
constexpr int kTimeoutsUntilReopened = 3;
constexpr std::chrono::milliseconds kReopenAtLeastAfter{1'000};
constexpr std::chrono::milliseconds kReopenAtMostAfter{10'000};

}  // namespace

// While there is no connection: the servers may have moved.
void Session::Core::look_hosts_up() {
  const bool literal = all_numeric(addresses_) && with_addresses(options_.hosts, addresses_) == options_.hosts;
  if (closed_ || (literal && !addresses_.empty()) || std::exchange(looking_up_, true)) return;
  auto addresses = std::make_shared<HostAddresses>(addresses_);
  pool_.run([addresses, hosts = options_.hosts] { *addresses = look_up_hosts(hosts, *addresses); },
            [weak = weak_from_this(), addresses] {
              if (const auto core = weak.lock()) core->take_addresses(std::move(*addresses));
            });
}

// A connection that is there again by now is left alone: names that flap do it no harm.
void Session::Core::take_addresses(HostAddresses addresses) {
  looking_up_ = false;
  if (closed_ || connected_) return;
  addresses_ = std::move(addresses);
  reopen_when_due();
}

// An open handle is given no other servers (zoo_set_servers): it replaces what the client's own thread reads without a
// lock at each failed attempt to connect, and closes the socket under it.
void Session::Core::reopen_when_due() {
  if (!handle_ || !opened_ || connected_) return;
  const bool moved = addresses_ != opened_with_;
  const Clock::duration limit =
      moved ? kReopenAtLeastAfter
            : std::clamp(kTimeoutsUntilReopened * options_.timeout, kReopenAtLeastAfter, kReopenAtMostAfter);
  if (Clock::now() - (moved ? opened_at_ : std::max(away_since_, opened_at_)) > limit) reopen();
}

}  // namespace common::zookeeper
