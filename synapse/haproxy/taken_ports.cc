#include "synapse/haproxy/taken_ports.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {
namespace {

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "127.0.0.1:80", "*:80", ":80", "[::1]:80", ":::80".
std::optional<BindPlace> bind_place_of(std::string_view text) {
  bool v6 = false;
  for (const std::string_view prefix : {"ipv4@", "ipv6@"}) {
    if (!text.starts_with(prefix)) continue;
    v6 = prefix == "ipv6@";
    text.remove_prefix(prefix.size());
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  BindPlace place;
  place.address = host.empty() || host == "*" ? (v6 ? "::" : "0.0.0.0") : std::string(host);
  const auto port = common::number_in<int>(digits, 1, 65535);
  if (!port || !common::is_ip_address(place.address)) return std::nullopt;
  place.port = *port;
  return place;
}

// As HAProxy does it; it shares its ports with others of its user. 0, or the system's error.
int try_to_bind(const BindPlace& place) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  const auto port = htons(static_cast<std::uint16_t>(place.port));
  if (::inet_pton(AF_INET, place.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, place.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    size = sizeof *v6;
  } else {
    return 0;  // an address with a scope
  }
  const int descriptor = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return 0;
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  if (place.v6only) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  const int error = ::bind(descriptor, reinterpret_cast<sockaddr*>(&storage), size) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

}  // namespace

std::vector<BindPlace> bind_places(std::string_view configuration) {
  constexpr std::array kOfItsOwn{"interface", "namespace", "transparent"};
  constexpr auto kNone = std::string_view::npos;
  std::vector<BindPlace> places;
  std::size_t of_section = 0;  // the first of this section's
  std::string section;
  std::string proxy;
  while (!configuration.empty()) {
    const auto line = configuration.substr(0, configuration.find('\n'));
    configuration.remove_prefix(std::min(line.size() + 1, configuration.size()));
    const auto start = line.find_first_not_of(" \t");
    // Nearly all lines are servers.
    if (start == std::string_view::npos || line.substr(start).starts_with("server ")) continue;
    const auto words = split_words(line);
    if (!words || words->empty()) continue;
    if (words->front() == "noreuseport" || words->front() == ".if") return {};
    if (begins_section(line)) {
      section = words->front();
      proxy = words->size() > 1 ? (*words)[1] : "";
      of_section = places.size();
    }
    if (of_section == kNone) continue;
    if (words->front() == "disabled") {
      if (section == "defaults") return {};
      places.resize(of_section);
      of_section = kNone;
    }
    if (words->front() != "bind" || words->size() < 2) continue;
    if (std::any_of(kOfItsOwn.begin(), kOfItsOwn.end(), [&](const char* word) { return has_word(*words, word); }))
      continue;
    std::string_view list = (*words)[1];
    while (!list.empty()) {
      const auto item = list.substr(0, list.find(','));
      list.remove_prefix(std::min(item.size() + 1, list.size()));
      auto place = bind_place_of(item);
      if (!place) continue;
      place->proxy = proxy;
      place->v6only = has_word(*words, "v6only");
      places.push_back(*std::move(place));
    }
  }
  return places;
}

std::optional<std::string> why_not_bound(std::string_view configuration) {
  for (const auto& place : bind_places(configuration)) {
    // An address that has left this machine may still be bound by the worker, of whom the next one takes it over.
    const int error = try_to_bind(place);
    if (error != EADDRINUSE) continue;
    return "frontend " + place.proxy + ": cannot bind socket (" + std::strerror(error) + ") for [" +
           common::host_port(place.address, place.port) + "]";
  }
  return std::nullopt;
}

}  // namespace synapse::haproxy
