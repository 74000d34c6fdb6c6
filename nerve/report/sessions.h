// The ZooKeeper sessions of this process: one for each ensemble and user, shared by the reporters that name the
// same. At first each is the session that an earlier life of the process had, if that still lives. Owned by App. Loop
// thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "common/runtime/blocking_pool.h"
#include "common/zookeeper/session.h"
#include "nerve/report/holdings.h"
#include "nerve/report/report_config.h"
#include "nerve/report/saved_sessions.h"

namespace nerve {

class Sessions {
 public:
  // One ensemble's session, and what this process has in its registry.
  struct Shared {
    common::zookeeper::Zookeeper& zookeeper;
    Holdings& holdings;
  };

  // `saved`: what an earlier life, which has ended, could save. `on_change`: saved() is different now; it may come many
  // times in one turn of the loop.
  explicit Sessions(
      boost::asio::io_context& io, SavedSessions saved = {}, std::function<void()> on_change = [] {});
  ~Sessions();

  // Opens it when it is the first time. The order of the hosts does not matter, nor does the chroot: it is the
  // reporter's affair. The timeout is that of the first call.
  Shared of(const ZookeeperOptions& options);

  // What the next life needs to go on with these sessions. For that the process must end without close(), and without
  // destructors either (std::_Exit): both end the sessions.
  SavedSessions saved() const;

  // Removes the nodes that no reporter has any more: to be called when all reporters are made, at the start and after
  // each change of them.
  void sweep();

  // Ends the sessions that no reporter has any more, when there is nothing left in them: to be called when every
  // reporter has what it reports in its own session, or a node would go before it is taken over. What is left is
  // removed first; call it again.
  void close_unused();

  // Ends all sessions on their servers; then `done`.
  void close(std::function<void()> done);

  // A thread is still busy with a session: it opens or closes one, and nothing answers.
  bool busy() const { return pool_.busy(); }

 private:
  struct Ensemble {
    std::string key;  // in what is saved
    std::unique_ptr<common::zookeeper::Session> session;
    std::unique_ptr<Holdings> holdings;
  };

  using Ensembles = std::map<std::pair<std::string, common::zookeeper::Credentials>, Ensemble>;  // by servers and user

  void leave_to_others(const Ensembles::value_type& ensemble);
  SavedSession take_saved(const std::string& key);

  boost::asio::io_context& io_;
  const std::function<void()> on_change_;
  common::BlockingPool pool_;
  SavedSessions left_;  // by the earlier life, not taken up yet
  Ensembles ensembles_;
};

}  // namespace nerve
