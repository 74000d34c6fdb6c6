// The ZooKeeper sessions of all watchers, one for each ensemble that somebody names. Owned by App; loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "common/runtime/blocking_pool.h"
#include "common/zookeeper/session.h"
#include "synapse/config.h"

namespace synapse {

class Sessions {
 public:
  explicit Sessions(boost::asio::io_context& io) : io_(io) {}

  // Lives for as long as somebody holds it, and a while longer. Of several timeouts for one ensemble the first counts.
  std::shared_ptr<common::zookeeper::Session> session_for(const ZookeeperWatcherConfig& watcher);

  // Closes those that nobody holds any more.
  void close_unused();

  // Closes all; returns when that is done, or takes too long. Nobody may hold one any more.
  boost::asio::awaitable<void> close();

  bool busy() const { return blocking_.busy(); }  // see BlockingPool

 private:
  void close(std::shared_ptr<common::zookeeper::Session> session, std::function<void()> done);

  boost::asio::io_context& io_;
  common::BlockingPool blocking_{io_};
  std::map<std::string, std::shared_ptr<common::zookeeper::Session>> sessions_;  // by hosts
};

}  // namespace synapse
