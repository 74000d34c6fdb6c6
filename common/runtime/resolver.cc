#include "common/runtime/resolver.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/limits/limits.h"

namespace common {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kAnswerServesFor{10};
// A name whose server hangs holds a thread for up to half a minute. They start when they are needed.
constexpr std::size_t kThreads = 8;
// Of names that are remembered. Some come from a registry, where anybody may think of new ones.
constexpr std::size_t kMostNames = 4'096;

// On a thread of the pool.
Result<Resolver::Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    const char* why = code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code);
    return fail("cannot resolve " + host + ": " + why);
  }
  Resolver::Addresses addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    addresses.push_back(endpoint.address());
  }
  ::freeaddrinfo(list);
  if (addresses.empty()) return fail("cannot resolve " + host + ": it has no address");
  return addresses;
}

}  // namespace

struct Resolver::Entry {
  explicit Entry(asio::io_context& io) : answered(io, asio::steady_timer::time_point::max()) {}

  bool good() const { return answer && answer->has_value(); }

  asio::steady_timer answered;  // cancelled when a lookup ends
  bool looking = false;
  bool doubtful = false;  // the last lookup failed
  std::optional<Result<Addresses>> answer;
  std::chrono::steady_clock::time_point answered_at;
};

Resolver::Resolver(asio::io_context& io) : Resolver(io, look_up, kAnswerServesFor) {}

Resolver::Resolver(asio::io_context& io, LookUp look_up, std::chrono::steady_clock::duration answer_serves_for)
    : io_(io),
      look_up_(std::move(look_up)),
      answer_serves_for_(answer_serves_for),
      pool_(io, kThreads),
      doubtful_pool_(io, kThreads) {}

Resolver::~Resolver() = default;

asio::awaitable<Result<Resolver::Addresses>> Resolver::resolve(std::string host, bool prefer_ipv4) {
  return answer(std::move(host), prefer_ipv4, Wish::quick);
}

asio::awaitable<Result<Resolver::Addresses>> Resolver::resolve_anew(std::string host, bool prefer_ipv4) {
  return answer(std::move(host), prefer_ipv4, Wish::new_answer);
}

asio::awaitable<Result<Resolver::Addresses>> Resolver::answer(std::string host, bool prefer_ipv4, Wish wish) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return Addresses{address};

  const auto entry = entry_of(host);  // kept while we wait
  if (!entry) co_return fail("cannot resolve " + host + ": too many names are being looked up");
  const bool wait = wish == Wish::new_answer || !entry->good();
  const bool old = std::chrono::steady_clock::now() - entry->answered_at >= answer_serves_for_;
  if ((wait || old) && !entry->looking) start_lookup(host, entry);
  if (wait) {
    boost::system::error_code ignored;
    co_await entry->answered.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!entry->answer) co_return fail("cannot resolve " + host + ": cancelled");
  auto found = *entry->answer;
  if (found.has_value() && prefer_ipv4) {
    std::stable_partition(found->begin(), found->end(), [](const auto& each) { return each.is_v4(); });
  }
  co_return found;
}

std::shared_ptr<Resolver::Entry> Resolver::entry_of(const std::string& host) {
  if (const auto known = entries_.find(host); known != entries_.end()) return known->second;
  if (entries_.size() >= kMostNames && !forget_oldest()) return nullptr;
  return entries_[host] = std::make_shared<Entry>(io_);
}

// One that is being looked up has somebody who waits. False: all of them are.
bool Resolver::forget_oldest() {
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second->looking) continue;
    if (oldest == entries_.end() || entry->second->answered_at < oldest->second->answered_at) oldest = entry;
  }
  limit_hit(Limit::resolver_names);
  if (oldest == entries_.end()) return false;
  entries_.erase(oldest);
  return true;
}

void Resolver::start_lookup(const std::string& host, const std::shared_ptr<Entry>& entry) {
  entry->looking = true;
  auto found = std::make_shared<Result<Addresses>>(fail(""));
  auto& pool = entry->doubtful ? doubtful_pool_ : pool_;
  pool.run([this, host, found] { *found = look_up_(host); },
           [found, weak = std::weak_ptr(entry)] {
             const auto waiting = weak.lock();
             if (!waiting) return;
             waiting->looking = false;
             waiting->doubtful = !found->has_value();
             if (found->has_value() || !waiting->good()) waiting->answer = *found;
             waiting->answered_at = std::chrono::steady_clock::now();
             waiting->answered.cancel();
           });
}

bool Resolver::busy() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) { return entry.second->looking; });
}

}  // namespace common
