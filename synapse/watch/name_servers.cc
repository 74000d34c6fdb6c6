#include "synapse/watch/name_servers.h"

#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <utility>

namespace synapse {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kThreads = 4;  // for one set of name servers
constexpr int kTriesEach = 2;
constexpr int kAnswerWithinS = 2;
// For one look-up with all its questions.
constexpr std::chrono::seconds kStopAfter{20};
constexpr std::size_t kLargestAnswer = 65'535;

sockaddr_in ipv4_of(const std::string& address, int port) {
  sockaddr_in result{};
  if (::inet_pton(AF_INET, address.c_str(), &result.sin_addr) != 1) return result;
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  return result;
}

// One state of glibc's resolver, for one look-up.
class Resolver {
 public:
  explicit Resolver(const std::vector<std::string>& servers) : good_(::res_ninit(&state_) == 0) {
    if (!good_) return;
    state_.options |= RES_USE_EDNS0;
    state_.retry = kTriesEach;
    state_.retrans = kAnswerWithinS;
    if (!servers.empty()) use(servers);
  }
  ~Resolver() {
    if (good_) ::res_nclose(&state_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  DnsReply ask(const std::string& name, DnsType type) {
    if (!good_) return {.error = "cannot read /etc/resolv.conf"};
    if (Clock::now() > stop_at_) return {.error = "it takes too long"};
    std::string answer(kLargestAnswer, '\0');
    const int rr_type = type == DnsType::a ? ns_t_a : type == DnsType::aaaa ? ns_t_aaaa : ns_t_srv;
    const int length = ::res_nsearch(&state_, name.c_str(), ns_c_in, rr_type,
                                     reinterpret_cast<unsigned char*>(answer.data()), static_cast<int>(answer.size()));
    if (length >= 0) {
      answer.resize(std::min(static_cast<std::size_t>(length), answer.size()));
      return {.outcome = DnsReply::Outcome::answer, .message = std::move(answer)};
    }
    if (state_.res_h_errno == HOST_NOT_FOUND) return {.outcome = DnsReply::Outcome::no_such_name};
    if (state_.res_h_errno == NO_DATA) return {.outcome = DnsReply::Outcome::no_such_records};
    return {.error = errno == ECONNREFUSED ? "no name server listens"
                                           : "no name server gives an answer (silence, SERVFAIL or REFUSED)"};
  }

 private:
  // glibc keeps IPv6 addresses apart, in memory that it frees itself.
  void use(const std::vector<std::string>& servers) {
    auto& further = state_._u._ext;
    for (auto*& each : further.nsaddrs) {
      std::free(each);
      each = nullptr;
    }
    further.nscount = 0;
    state_.nscount = 0;
    for (const auto& server : servers) {
      if (state_.nscount == MAXNS) return;
      const auto colon = server.rfind(':');
      const int port = std::atoi(server.c_str() + colon + 1);
      const auto address = server.substr(0, colon);
      const int index = state_.nscount++;
      state_.nsaddr_list[index] = ipv4_of(address, port);
      if (state_.nsaddr_list[index].sin_family == AF_INET) continue;
      auto* ipv6 = static_cast<sockaddr_in6*>(std::calloc(1, sizeof(sockaddr_in6)));
      if (ipv6 == nullptr) std::abort();
      ipv6->sin6_family = AF_INET6;
      ipv6->sin6_port = htons(static_cast<std::uint16_t>(port));
      ::inet_pton(AF_INET6, address.substr(1, address.size() - 2).c_str(), &ipv6->sin6_addr);
      further.nsaddrs[index] = ipv6;
    }
  }

  struct __res_state state_ {};
  const bool good_;
  const Clock::time_point stop_at_ = Clock::now() + kStopAfter;
};

}  // namespace

void NameServers::look_up(const std::vector<std::string>& servers, const DnsQuestion& question,
                          std::function<void(const common::Result<DnsServers>&)> done) {
  auto& pool = pools_[servers];
  if (!pool) pool = std::make_unique<common::BlockingPool>(io_, kThreads);
  auto found = std::make_shared<common::Result<DnsServers>>(common::fail(""));
  pool->run(
      [servers, question, found] {
        Resolver resolver(servers);
        *found = synapse::look_up(
            question, [&resolver](const std::string& name, DnsType type) { return resolver.ask(name, type); });
      },
      [found, done = std::move(done)] { done(*found); });
}

bool NameServers::busy() const {
  return std::any_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool.second->busy(); });
}

}  // namespace synapse
