// The addresses of ZooKeeper's servers, kept for when name servers are silent. The C client looks its names up before
// each attempt to connect and waits for the answer: while there is none, no lost connection comes back, and the session
// ends. So it is given addresses.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace common::zookeeper {

// By host name, as IPv4 texts. Empty: the name has an IPv6 address, which the C client takes in no other form than as a
// name.
using HostAddresses = std::map<std::string, std::vector<std::string>>;

// Looks all names in "host:port,host:port[/chroot]" up; may block for seconds. One that has no answer keeps what is
// known of it, and is left out when that is nothing.
[[nodiscard]] HostAddresses look_up_hosts(const std::string& hosts, HostAddresses known);

// The same with addresses in the place of names. Names without an answer are left out, but for when no name has one:
// then it is what was given. Pure.
[[nodiscard]] std::string with_addresses(const std::string& hosts, const HostAddresses& addresses);

// Whether all names have become addresses, so that nobody looks anything up.
[[nodiscard]] bool all_numeric(const HostAddresses& addresses);

}  // namespace common::zookeeper
