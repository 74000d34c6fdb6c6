#include "synapse/resolve/resolved_hosts.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace synapse {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kLookAgainAfter{30};
constexpr std::chrono::seconds kRetryAfter{2};

// The one in use as long as it is still valid, else the lowest: name servers rotate their answers.
std::string choose(const std::vector<asio::ip::address>& addresses, const std::string& present) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.to_string());
  if (std::find(texts.begin(), texts.end(), present) != texts.end()) return present;
  const bool any_v4 = std::any_of(addresses.begin(), addresses.end(), [](const auto& each) { return each.is_v4(); });
  std::string lowest;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (any_v4 && !addresses[i].is_v4()) continue;
    if (lowest.empty() || texts[i] < lowest) lowest = texts[i];
  }
  return lowest;
}

}  // namespace

ResolvedHosts::ResolvedHosts(asio::io_context& io, Events& events, std::function<void(const std::string&)> on_change)
    : io_(io), resolver_(io), tasks_(io), events_(events), on_change_(std::move(on_change)) {}

void ResolvedHosts::follow(const std::string& owner, const std::set<std::string>& hosts) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!hosts.contains(entry->first)) entry->second->owners.erase(owner);
    if (!entry->second->owners.empty()) {
      ++entry;
      continue;
    }
    events_.host_forgotten(entry->first);
    entry->second->pause.cancel();
    entry = entries_.erase(entry);
  }
  for (const auto& host : hosts) {
    auto& entry = entries_[host];
    if (!entry) {
      entry = std::make_shared<Entry>(io_);
      entry->owners.insert(owner);
      tasks_.spawn("addresses of " + host, keep_looking(host, entry));
    }
    entry->owners.insert(owner);
  }
}

std::string ResolvedHosts::address(const std::string& host) const {
  const auto found = entries_.find(host);
  return found == entries_.end() ? "" : found->second->address;
}

bool ResolvedHosts::looked_up(const std::string& host) const {
  const auto found = entries_.find(host);
  return found != entries_.end() && found->second->looked_up;
}

// Ends when nobody follows the name any more. It shares the entry, because whoever cancels the tasks reaches for the
// timer that a task waits for, until that task has gone on.
asio::awaitable<void> ResolvedHosts::keep_looking(std::string host, std::shared_ptr<Entry> entry) {
  while (!entry->owners.empty()) {
    const auto answer = co_await resolver_.resolve_anew(host, true);
    learn(host, *entry, answer);
    if (entry->owners.empty()) co_return;
    entry->pause.expires_after(answer ? kLookAgainAfter : kRetryAfter);
    boost::system::error_code ignored;
    co_await entry->pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void ResolvedHosts::learn(const std::string& host, Entry& entry,
                          const common::Result<common::Resolver::Addresses>& answer) {
  if (entry.owners.empty()) return;
  const bool first = !std::exchange(entry.looked_up, true);
  if (answer) {
    const auto address = choose(*answer, entry.address);
    const bool is_news = address != entry.address;
    events_.host_resolved(host, address, is_news);
    if (!is_news) return;
    entry.address = address;
  } else {
    events_.host_not_resolved(host, answer.error().message);
    if (!first) return;
  }
  for (const auto& owner : std::set(entry.owners)) on_change_(owner);
}

asio::awaitable<void> ResolvedHosts::stop() {
  tasks_.cancel();
  co_await tasks_.wait();
}

}  // namespace synapse
