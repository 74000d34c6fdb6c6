#include "synapse/sessions.h"

#include <chrono>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace synapse {

namespace asio = boost::asio;
using common::zookeeper::Session;

namespace {

constexpr std::chrono::seconds kCloseWithin{5};

}  // namespace

std::shared_ptr<Session> Sessions::session_for(const ZookeeperWatcherConfig& watcher) {
  const auto hosts = common::zookeeper::join_hosts(watcher.hosts);
  auto& session = sessions_[hosts];
  if (!session) {
    session = std::make_shared<Session>(io_, blocking_,
                                        common::zookeeper::SessionOptions{.hosts = hosts, .timeout = watcher.timeout});
  }
  return session;
}

void Sessions::close(std::shared_ptr<Session> session, std::function<void()> done) {
  auto& closing = *session;
  closing.close([session = std::move(session), done = std::move(done)] { done(); });
}

void Sessions::close_unused() {
  for (auto each = sessions_.begin(); each != sessions_.end();) {
    if (each->second.use_count() > 1) {
      ++each;
      continue;
    }
    close(std::move(each->second), [] {});
    each = sessions_.erase(each);
  }
}

asio::awaitable<void> Sessions::close() {
  const auto closed = std::make_shared<asio::steady_timer>(io_, kCloseWithin);
  auto open = std::make_shared<std::size_t>(sessions_.size());
  for (auto& [hosts, session] : std::exchange(sessions_, {})) {
    close(session, [open, closed] {
      if (--*open == 0) closed->cancel();
    });
  }
  boost::system::error_code ignored;
  if (*open != 0) co_await closed->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace synapse
