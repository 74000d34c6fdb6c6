#include "common/runtime/local_address.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/algorithm/string/join.hpp>
#include <fmt/core.h>

namespace common {
namespace {

std::string text_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = address->sa_family == AF_INET
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

// The source address that the kernel would choose; connecting a datagram socket only asks the routing table. The
// destinations are of the ranges that are kept for documentation (RFC 5737, RFC 3849).
std::string source_towards(int family, const char* destination) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (family == AF_INET) {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    ::inet_pton(AF_INET, destination, &address.sin_addr);
    size = sizeof(address);
  } else {
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(9);
    ::inet_pton(AF_INET6, destination, &address.sin6_addr);
    size = sizeof(address);
  }
  const int probe = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return "";
  std::string source;
  if (::connect(probe, reinterpret_cast<const sockaddr*>(&storage), size) == 0) {
    size = sizeof(storage);
    if (::getsockname(probe, reinterpret_cast<sockaddr*>(&storage), &size) == 0) {
      source = text_of(reinterpret_cast<const sockaddr*>(&storage));
    }
  }
  ::close(probe);
  return source;
}

bool is_link_local(const sockaddr* address) {
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

}  // namespace

Result<std::string> outward_address() {
  if (auto address = source_towards(AF_INET, "192.0.2.1"); !address.empty()) return address;
  if (auto address = source_towards(AF_INET6, "2001:db8::1"); !address.empty()) return address;
  return fail("no route leads out of this machine; name an interface (auto:eth0) or give an address");
}

Result<std::string> address_of_interface(const std::string& name) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return fail(std::string("cannot list the interfaces: ") + std::strerror(errno));
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::set<std::string> names;
  std::string v6;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    names.insert(entry->ifa_name);
    if (entry->ifa_addr == nullptr || name != entry->ifa_name) continue;
    if (entry->ifa_addr->sa_family == AF_INET) return text_of(entry->ifa_addr);
    if (entry->ifa_addr->sa_family == AF_INET6 && !is_link_local(entry->ifa_addr) && v6.empty()) {
      v6 = text_of(entry->ifa_addr);
    }
  }
  if (!v6.empty()) return v6;
  if (names.count(name) > 0) return fail("the interface " + name + " has no address");
  return fail(fmt::format("there is no interface {}; there are {}", name, boost::algorithm::join(names, ", ")));
}

}  // namespace common
