#include "common/zookeeper/host_addresses.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "common/zookeeper/hosts.h"

namespace common::zookeeper {
namespace {

struct Entry {
  std::string host;
  std::string port;
};

std::vector<Entry> entries_of(const std::string& servers) {
  std::vector<Entry> entries;
  std::string_view rest = servers;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto entry = rest.substr(0, end);
    const auto colon = std::min(entry.rfind(':'), entry.size());
    entries.push_back({std::string(entry.substr(0, colon)), std::string(entry.substr(colon))});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return entries;
}

// False: there is no answer.
bool look_up(const std::string& host, std::vector<std::string>& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;  // as the C client asks
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<std::string> found;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET) {
      addresses.clear();
      return true;
    }
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ai_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr) found.emplace_back(text.data());
  }
  if (found.empty()) return false;
  std::sort(found.begin(), found.end());
  addresses = std::move(found);
  return true;
}

}  // namespace

HostAddresses look_up_hosts(const std::string& hosts, HostAddresses known) {
  for (const auto& entry : entries_of(split_hosts(hosts).servers)) {
    std::vector<std::string> addresses;
    if (look_up(entry.host, addresses)) known[entry.host] = std::move(addresses);
  }
  return known;
}

std::string with_addresses(const std::string& hosts, const HostAddresses& addresses) {
  if (addresses.empty()) return hosts;
  const auto split = split_hosts(hosts);
  std::string text;
  const auto add = [&text](const std::string& host, const std::string& port) {
    if (!text.empty()) text += ',';
    text += host + port;
  };
  for (const auto& entry : entries_of(split.servers)) {
    const auto found = addresses.find(entry.host);
    if (found == addresses.end()) continue;
    if (found->second.empty()) add(entry.host, entry.port);
    for (const auto& address : found->second) add(address, entry.port);
  }
  return text + split.chroot;
}

bool all_numeric(const HostAddresses& addresses) {
  return std::none_of(addresses.begin(), addresses.end(), [](const auto& each) { return each.second.empty(); });
}

}  // namespace common::zookeeper
