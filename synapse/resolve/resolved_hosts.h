// The present addresses of the host names that records carry: HAProxy does not resolve at run time, so we do. Each name
// in use is looked up again regularly; while name servers fail the last address stays. Of several addresses one is
// chosen and kept for as long as it is among the answers. Owned by App; loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/runtime/resolver.h"
#include "common/runtime/task_group.h"
#include "synapse/events.h"

namespace synapse {

class ResolvedHosts {
 public:
  // `on_change(owner)`: an address that the owner follows is new or different, or its first look-up has failed.
  ResolvedHosts(boost::asio::io_context& io, Events& events, std::function<void(const std::string& owner)> on_change);

  // The names that `owner` needs from now on; names that nobody needs are forgotten.
  void follow(const std::string& owner, const std::set<std::string>& hosts);

  // Empty when not known (yet).
  std::string address(const std::string& host) const;

  // There was an answer, if only that there is none.
  bool looked_up(const std::string& host) const;

  boost::asio::awaitable<void> stop();
  bool busy() const { return resolver_.busy(); }  // see Resolver

 private:
  struct Entry {
    explicit Entry(boost::asio::io_context& io) : pause(io) {}

    boost::asio::steady_timer pause;  // until the next look-up
    std::string address;
    std::set<std::string> owners;  // none: it is forgotten
    bool looked_up = false;
  };

  boost::asio::awaitable<void> keep_looking(std::string host, std::shared_ptr<Entry> entry);
  void learn(const std::string& host, Entry& entry, const common::Result<common::Resolver::Addresses>& answer);

  boost::asio::io_context& io_;
  common::Resolver resolver_;
  common::TaskGroup tasks_;
  Events& events_;
  const std::function<void(const std::string&)> on_change_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace synapse
