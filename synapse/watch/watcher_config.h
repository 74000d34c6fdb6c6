// What is configured about where a service's servers come from. Plain values, so that the configuration does not depend
// on how watchers work, and a reload can tell what has changed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "synapse/pool/record.h"

namespace synapse {

// Follows the children of one ZooKeeper path.
struct ZookeeperWatcherConfig {
  static constexpr std::string_view kType = "zookeeper";

  std::vector<std::string> hosts;  // "host" or "host:port", the last one with a chroot behind it if there is one
  std::string path;                // begins with '/', does not end with one
  std::chrono::milliseconds timeout{2000};
  std::string endpoint_name;  // of a Finagle record: which additional endpoint; empty: the service endpoint
  std::chrono::milliseconds full_check_interval{300'000};

  friend bool operator==(const ZookeeperWatcherConfig&, const ZookeeperWatcherConfig&) = default;
};

// Follows a file that lists servers.
struct FileWatcherConfig {
  static constexpr std::string_view kType = "file";

  std::string path;

  friend bool operator==(const FileWatcherConfig&, const FileWatcherConfig&) = default;
};

// A name whose addresses are servers on one port.
struct DnsHost {
  std::string name;
  int port = 0;

  friend bool operator==(const DnsHost&, const DnsHost&) = default;
};

enum class AddressFamily {
  any,  // IPv4 addresses; IPv6 ones of a name that has no other, so that no server counts twice
  ipv4,
  ipv6,
};

// Asks name servers again and again, as the TTL of their answers says.
struct DnsWatcherConfig {
  static constexpr std::string_view kType = "dns";

  std::vector<DnsHost> hosts;             // A and AAAA records
  std::vector<std::string> services;      // names of SRV records
  std::vector<std::string> name_servers;  // "address:port", three at most; none: those of /etc/resolv.conf
  AddressFamily family = AddressFamily::any;
  std::chrono::milliseconds min_ttl{1'000};
  std::chrono::milliseconds max_ttl{300'000};

  friend bool operator==(const DnsWatcherConfig&, const DnsWatcherConfig&) = default;
};

// Servers that stand in the configuration.
struct FixedWatcherConfig {
  static constexpr std::string_view kType = "fixed";

  std::vector<Record> servers;

  friend bool operator==(const FixedWatcherConfig&, const FixedWatcherConfig&) = default;
};

enum class MultiResolver {
  union_of_all,
  sequential,  // the first that has servers
};

struct NamedWatcherConfig;

// Several watchers as one.
struct MultiWatcherConfig {
  static constexpr std::string_view kType = "multi";

  MultiResolver resolver = MultiResolver::union_of_all;
  std::vector<NamedWatcherConfig> watchers;
  // How long those that have not spoken since the start hold up those that have.
  std::chrono::milliseconds first_wait{10'000};

  friend bool operator==(const MultiWatcherConfig& one, const MultiWatcherConfig& other);
};

using WatcherConfig =
    std::variant<ZookeeperWatcherConfig, FileWatcherConfig, DnsWatcherConfig, FixedWatcherConfig, MultiWatcherConfig>;

struct NamedWatcherConfig {
  std::string name;
  WatcherConfig watcher;

  friend bool operator==(const NamedWatcherConfig&, const NamedWatcherConfig&) = default;
};

inline bool operator==(const MultiWatcherConfig& one, const MultiWatcherConfig& other) {
  return one.resolver == other.resolver && one.watchers == other.watchers && one.first_wait == other.first_wait;
}

// As in the configuration and in metrics: "zookeeper".
[[nodiscard]] inline std::string_view type_of(const WatcherConfig& config) {
  return std::visit([](const auto& kind) { return kind.kType; }, config);
}

// True when it asks one of several sources after the other, and has the servers of one at a time.
[[nodiscard]] inline bool asks_in_turn(const WatcherConfig& config) {
  const auto* multi = std::get_if<MultiWatcherConfig>(&config);
  return multi != nullptr && multi->resolver == MultiResolver::sequential;
}

}  // namespace synapse
