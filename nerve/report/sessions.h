// The ZooKeeper sessions of this process: one for each ensemble, shared by the reporters that name the same hosts.
// Owned by App. Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "common/runtime/blocking_pool.h"
#include "common/zookeeper/session.h"

namespace nerve {

class Sessions {
 public:
  explicit Sessions(boost::asio::io_context& io);

  // Opens it when it is the first time. The order of the hosts does not matter; the timeout is that of the first call.
  common::zookeeper::Zookeeper& of(const std::string& hosts, std::chrono::milliseconds timeout);

  // Ends all sessions on their servers; then `done`.
  void close(std::function<void()> done);

  // A thread is still busy with a session: it opens or closes one, and nothing answers.
  bool busy() const { return pool_.busy(); }

 private:
  boost::asio::io_context& io_;
  common::BlockingPool pool_;
  std::map<std::string, std::unique_ptr<common::zookeeper::Session>> sessions_;
};

}  // namespace nerve
