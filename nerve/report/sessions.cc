#include "nerve/report/sessions.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "common/telemetry/log.h"
#include "nerve/report/zookeeper_config.h"

namespace nerve {

namespace log = common::log;

Sessions::Sessions(boost::asio::io_context& io, SavedSessions saved, std::function<void()> on_change)
    : io_(io), on_change_(std::move(on_change)), pool_(io), left_(std::move(saved)) {}

Sessions::~Sessions() = default;

Sessions::Shared Sessions::of(const ZookeeperOptions& options) {
  const auto servers = common::zookeeper::split_hosts(options.hosts).servers;
  auto& ensemble = ensembles_[{ensemble_of(options), options.auth}];
  if (!ensemble.session) {
    ensemble.key = ensemble_of(options) + (options.auth.username.empty() ? "" : " as " + options.auth.username);
    const auto saved = take_saved(ensemble.key);
    common::zookeeper::SessionOptions session{.hosts = servers, .timeout = options.connection_timeout};
    session.credentials = options.auth;
    session.resume = {saved.id, saved.password};
    session.on_identity = on_change_;
    ensemble.session = std::make_unique<common::zookeeper::Session>(io_, pool_, std::move(session));
    ensemble.holdings = std::make_unique<Holdings>(*ensemble.session, saved, on_change_);
  }
  return {*ensemble.session, *ensemble.holdings};
}

// Each once: two sessions must not have one identity.
SavedSession Sessions::take_saved(const std::string& key) {
  const auto found =
      std::find_if(left_.begin(), left_.end(), [&](const SavedSession& saved) { return saved.key == key; });
  if (found == left_.end()) return {};
  auto saved = std::move(*found);
  left_.erase(found);
  return saved;
}

SavedSessions Sessions::saved() const {
  SavedSessions result;
  for (const auto& [who, ensemble] : ensembles_) {
    const auto identity = ensemble.session->identity();
    auto nodes = ensemble.holdings->nodes();
    // The others go with their session.
    if (identity.id == 0) std::erase_if(nodes, [](const SavedNode& node) { return !node.persistent; });
    if (identity.id != 0 || !nodes.empty())
      result.push_back({ensemble.key, identity.id, identity.password, std::move(nodes)});
  }
  return result;
}

void Sessions::sweep() {
  for (const auto& each : ensembles_) {
    leave_to_others(each);
    each.second.holdings->sweep();
  }
}

// Of the same servers: a reporter with new credentials has taken over what the one before had.
void Sessions::leave_to_others(const Ensembles::value_type& ensemble) {
  for (const auto& other : ensembles_) {
    if (&other != &ensemble && other.first.first == ensemble.first.first) {
      ensemble.second.holdings->leave_to(*other.second.holdings);
    }
  }
}

void Sessions::close_unused() {
  for (auto each = ensembles_.begin(); each != ensembles_.end();) {
    Ensemble& ensemble = each->second;
    if (!ensemble.holdings->idle()) {
      ++each;
      continue;
    }
    leave_to_others(*each);
    if (!ensemble.holdings->nodes().empty()) {
      ensemble.holdings->sweep();
      ++each;
      continue;
    }
    ensemble.holdings.reset();
    const std::shared_ptr<common::zookeeper::Session> session = std::move(ensemble.session);
    each = ensembles_.erase(each);
    log::info("closing the session with {}, which no reporter uses any more", session->hosts());
    session->close([session] {});
  }
}

void Sessions::close(std::function<void()> done) {
  auto open = std::make_shared<std::size_t>(ensembles_.size() + 1);
  const auto closed = [open, done = std::move(done)] {
    if (--*open == 0) done();
  };
  for (const auto& [who, ensemble] : ensembles_) ensemble.session->close(closed);
  boost::asio::post(io_, closed);
}

}  // namespace nerve
