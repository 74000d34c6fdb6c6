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

namespace common {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kAnswerServesFor{10};

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

  asio::steady_timer answered;  // cancelled when a lookup ends
  bool looking = false;
  std::optional<Result<Addresses>> answer;
  std::chrono::steady_clock::time_point answered_at;
};

Resolver::Resolver(asio::io_context& io) : io_(io), pool_(io, 2) {}
Resolver::~Resolver() = default;

asio::awaitable<Result<Resolver::Addresses>> Resolver::resolve(std::string host, bool prefer_ipv4) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return Addresses{address};

  auto& slot = entries_[host];
  if (!slot) slot = std::make_shared<Entry>(io_);
  const auto entry = slot;  // kept while we wait
  const bool fresh = entry->answer && entry->answer->has_value() &&
                     std::chrono::steady_clock::now() - entry->answered_at < kAnswerServesFor;
  if (!fresh) {
    if (!entry->looking) start_lookup(host, entry);
    boost::system::error_code ignored;
    co_await entry->answered.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!entry->answer) co_return fail("cannot resolve " + host + ": cancelled");
  auto answer = *entry->answer;
  if (answer.has_value() && prefer_ipv4) {
    std::stable_partition(answer->begin(), answer->end(), [](const auto& each) { return each.is_v4(); });
  }
  co_return answer;
}

void Resolver::start_lookup(const std::string& host, const std::shared_ptr<Entry>& entry) {
  entry->looking = true;
  auto found = std::make_shared<Result<Addresses>>(fail(""));
  pool_.run([host, found] { *found = look_up(host); },
            [found, weak = std::weak_ptr(entry)] {
              const auto waiting = weak.lock();
              if (!waiting) return;
              waiting->looking = false;
              const bool keep_old = !found->has_value() && waiting->answer && waiting->answer->has_value();
              if (!keep_old) waiting->answer = *found;
              waiting->answered_at = std::chrono::steady_clock::now();
              waiting->answered.cancel();
            });
}

bool Resolver::busy() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) { return entry.second->looking; });
}

}  // namespace common
