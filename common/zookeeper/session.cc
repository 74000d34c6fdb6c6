#include "common/zookeeper/session.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "common/zookeeper/session_core.h"

namespace common::zookeeper {

namespace asio = boost::asio;

namespace {

constexpr auto kNotConnected = "not connected to ZooKeeper";

}  // namespace

Session::Session(asio::io_context& io, BlockingPool& pool, SessionOptions options)
    : core_(std::make_shared<Core>(io, pool, std::move(options))) {
  core_->open();
}

Session::~Session() {
  core_->close_here();
}

void Session::get(const std::string& path, bool watch, std::function<void(GetReply)> done) {
  if (auto* handle = core_->usable()) return handle->get(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, "", {}}); });
}

void Session::children(const std::string& path, bool watch, std::function<void(ChildrenReply)> done) {
  if (auto* handle = core_->usable()) return handle->children(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, {}}); });
}

void Session::exists(const std::string& path, bool watch, std::function<void(ExistsReply)> done) {
  if (auto* handle = core_->usable()) return handle->exists(path, watch, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected, {}}); });
}

void Session::unwatch(const std::string& path) {
  core_->unwatch(path);
}

void Session::commit(std::vector<Operation> operations, std::function<void(CommitReply)> done) {
  if (auto* handle = core_->usable()) return handle->commit(operations, std::move(done));
  asio::post(core_->io(), [done = std::move(done)] { done({Status::lost, kNotConnected}); });
}

int Session::listen(const std::string& path, Listener listener) {
  return core_->listen(path, std::move(listener));
}

void Session::unlisten(int id) {
  core_->unlisten(id);
}

const std::string& Session::hosts() const {
  return core_->options().hosts;
}

SessionState Session::state() const {
  return core_->state();
}

std::int64_t Session::session_id() const {
  return core_->session_id();
}

SessionIdentity Session::identity() const {
  return core_->identity();
}

void Session::close(std::function<void()> done) {
  core_->close(std::move(done));
}

}  // namespace common::zookeeper
