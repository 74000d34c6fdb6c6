#include "common/zookeeper/hosts.h"

#include <algorithm>

#include "common/digits.h"

namespace common::zookeeper {
namespace {

constexpr int kDefaultPort = 2181;

Result<void> check_host(std::string_view entry, const std::string& hosts) {
  const auto wrong = [&](const std::string& what) {
    return fail("ZooKeeper hosts \"" + hosts + "\": " + what + "; write them as host:port,host:port[/chroot]");
  };
  if (entry.empty()) return wrong("an entry is empty");
  if (entry.front() == '[')
    return wrong("the client takes no IPv6 address in brackets; use a name that resolves to it");
  const auto colon = entry.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == entry.size()) return wrong("a port is missing");
  if (colon == 0) return wrong("a host is missing");
  const auto host = entry.substr(0, colon);
  if (host.find(':') != std::string_view::npos) return wrong("the client takes no bare IPv6 address");
  const auto forbidden = [](unsigned char c) { return c <= ' ' || c == 0x7F; };
  if (std::any_of(host.begin(), host.end(), forbidden)) {
    return wrong("there is white space or a control character in a host");
  }
  const auto port_text = entry.substr(colon + 1);
  if (!number_in(port_text, 1, 65535)) {
    return wrong("port \"" + std::string(port_text) + "\" is not a number between 1 and 65535");
  }
  return {};
}

}  // namespace

Result<void> check_hosts(const std::string& hosts) {
  std::string_view rest = hosts;
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (const auto chroot = check_path(rest.substr(slash)); !chroot) {
      return fail("ZooKeeper hosts \"" + hosts + "\": the chroot " + chroot.error().message);
    }
    rest = rest.substr(0, slash);
  }
  for (;;) {
    const auto comma = rest.find(',');
    if (auto checked = check_host(rest.substr(0, comma), hosts); !checked) return checked;
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

std::string join_hosts(const std::vector<std::string>& hosts) {
  std::string joined;
  std::string chroot;
  for (std::string_view host : hosts) {
    if (const auto slash = host.find('/'); slash != std::string_view::npos) {
      chroot = host.substr(slash);
      host = host.substr(0, slash);
    }
    if (!joined.empty()) joined += ',';
    joined += host;
    if (host.find_first_of(":[,") == std::string_view::npos) joined += ":" + std::to_string(kDefaultPort);
  }
  return joined + chroot;
}

SplitHosts split_hosts(const std::string& hosts) {
  const auto slash = std::min(hosts.find('/'), hosts.size());
  SplitHosts split{hosts.substr(0, slash), hosts.substr(slash)};
  if (split.chroot == "/") split.chroot.clear();
  return split;
}

Result<void> check_path(std::string_view path) {
  if (!path.starts_with('/')) return fail("must start with '/'");
  if (path.size() > 1 && path.ends_with('/')) return fail("must not end with '/'");
  const auto control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  if (std::any_of(path.begin(), path.end(), control)) return fail("must not contain control characters");
  for (std::size_t begin = 1; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = path.substr(begin, end - begin);
    if (name.empty()) return fail("must not contain '//'");
    if (name == "." || name == "..") return fail("must not contain '.' or '..' as a name");
    begin = end + 1;
  }
  return {};
}

}  // namespace common::zookeeper
