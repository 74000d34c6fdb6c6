#include "nerve/report/sessions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace nerve {
namespace {

// "b:1,a:1/chroot" and "a:1,b:1/chroot" are one ensemble.
std::string sorted(const std::string& hosts) {
  const auto slash = std::min(hosts.find('/'), hosts.size());
  std::vector<std::string> servers;
  for (std::size_t begin = 0; begin <= slash;) {
    const auto end = std::min(hosts.find(',', begin), slash);
    servers.push_back(hosts.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(servers.begin(), servers.end());
  std::string result;
  for (const auto& server : servers) result += (result.empty() ? "" : ",") + server;
  return result + hosts.substr(slash);
}

}  // namespace

Sessions::Sessions(boost::asio::io_context& io) : io_(io), pool_(io) {}

common::zookeeper::Zookeeper& Sessions::of(const std::string& hosts, std::chrono::milliseconds timeout) {
  auto& session = sessions_[sorted(hosts)];
  if (!session) {
    session = std::make_unique<common::zookeeper::Session>(
        io_, pool_, common::zookeeper::SessionOptions{.hosts = hosts, .timeout = timeout});
  }
  return *session;
}

void Sessions::close(std::function<void()> done) {
  auto open = std::make_shared<std::size_t>(sessions_.size() + 1);
  const auto closed = [open, done = std::move(done)] {
    if (--*open == 0) done();
  };
  for (const auto& [hosts, session] : sessions_) session->close(closed);
  boost::asio::post(io_, closed);
}

}  // namespace nerve
