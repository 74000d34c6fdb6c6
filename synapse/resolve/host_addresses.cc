#include "synapse/resolve/host_addresses.h"

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

HostAddresses::HostAddresses(asio::io_context& io, Events& events, std::function<void(const std::string&)> on_change)
    : io_(io), resolver_(io), tasks_(io), events_(events), on_change_(std::move(on_change)) {}

void HostAddresses::follow(const std::string& owner, const std::set<std::string>& hosts) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!hosts.contains(entry->first)) entry->second->owners.erase(owner);
    if (!entry->second->owners.empty()) {
      ++entry;
      continue;
    }
    events_.host_forgotten(entry->first);
    entry = entries_.erase(entry);
  }
  for (const auto& host : hosts) {
    auto& entry = entries_[host];
    if (!entry) {
      entry = std::make_shared<Entry>(io_);
      tasks_.spawn("addresses of " + host, keep_looking(host, entry));
    }
    entry->owners.insert(owner);
  }
}

std::string HostAddresses::address(const std::string& host) const {
  const auto found = entries_.find(host);
  return found == entries_.end() ? "" : found->second->address;
}

bool HostAddresses::looked_up(const std::string& host) const {
  const auto found = entries_.find(host);
  return found != entries_.end() && found->second->looked_up;
}

// Ends when nobody follows the name any more: the entry's end is that of its timer, too.
asio::awaitable<void> HostAddresses::keep_looking(std::string host, std::weak_ptr<Entry> weak) {
  while (!weak.expired()) {
    const auto answer = co_await resolver_.resolve_anew(host, true);
    learn(host, weak, answer);
    auto* const pause = pause_of(weak);
    if (pause == nullptr) co_return;
    pause->expires_after(answer ? kLookAgainAfter : kRetryAfter);
    boost::system::error_code ignored;
    co_await pause->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::steady_timer* HostAddresses::pause_of(const std::weak_ptr<Entry>& weak) {
  const auto entry = weak.lock();
  return entry ? &entry->pause : nullptr;
}

void HostAddresses::learn(const std::string& host, const std::weak_ptr<Entry>& weak,
                          const common::Result<common::Resolver::Addresses>& answer) {
  const auto entry = weak.lock();
  if (!entry) return;
  const bool first = !std::exchange(entry->looked_up, true);
  if (answer) {
    const auto address = choose(*answer, entry->address);
    if (address == entry->address) return;
    entry->address = address;
    events_.host_resolved(host, address);
  } else {
    events_.host_not_resolved(host, answer.error().message);
    if (!first) return;
  }
  for (const auto& owner : std::set(entry->owners)) on_change_(owner);
}

asio::awaitable<void> HostAddresses::stop() {
  tasks_.cancel();
  co_await tasks_.wait();
}

}  // namespace synapse
