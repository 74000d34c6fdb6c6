#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "common/registration/validate.h"
#include "common/zookeeper/hosts.h"
#include "synapse/config_parts.h"
#include "synapse/config_servers.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

void read_hosts(ObjectReader& object, ZookeeperWatcherConfig& config) {
  const auto list = object.find("hosts");
  if (!list) {
    object.error("hosts", "is missing");
    return;
  }
  if (!list->is_list()) {
    (void)list->items();
    return;
  }
  config.hosts = read_lines(*list);
  if (config.hosts.empty()) {
    list->error("must name at least one host");
  } else if (const auto good = common::zookeeper::check_hosts(common::zookeeper::join_hosts(config.hosts)); !good) {
    list->error(good.error().message);
  }
}

void read_path(ObjectReader& object, ZookeeperWatcherConfig& config) {
  config.path = object.required_text("path");
  while (config.path.size() > 1 && config.path.ends_with('/')) config.path.pop_back();
  if (config.path.empty()) return;
  if (const auto good = common::zookeeper::check_path(config.path); !good) {
    object.error("path", good.error().message + ", got " + common::quote_for_log(config.path));
  }
}

WatcherConfig read_zookeeper(ObjectReader& object, const ParseOptions&) {
  constexpr std::int64_t least_full_check_ms = 1000;
  ZookeeperWatcherConfig config;
  read_hosts(object, config);
  read_path(object, config);
  config.timeout = object.milliseconds("timeoutInMilli", config.timeout);
  config.endpoint_name = read_line(object, "endpointName", "");
  config.full_check_interval =
      object.milliseconds("fullCheckIntervalInMilli", config.full_check_interval, least_full_check_ms);
  return config;
}

WatcherConfig read_file_watcher(ObjectReader& object, const ParseOptions& options) {
  FileWatcherConfig config;
  config.path = object.required_text("path");
  if (config.path.find('\0') != std::string::npos || config.path.ends_with('/')) {
    object.error("path", "must name a file, got " + common::quote_for_log(config.path));
  } else if (!config.path.empty()) {
    config.path = (std::filesystem::path(options.directory) / config.path).lexically_normal().string();
  }
  return config;
}

// A name to ask name servers about: a dot at its end keeps the search list away.
bool is_dns_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return common::is_host_name(text);
}

std::optional<int> port_of(std::string_view digits) {
  const bool plain = !digits.empty() && digits.size() <= 5 &&
                     std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int port = plain ? std::stoi(std::string(digits)) : 0;
  return port >= 1 && port <= 65535 ? std::optional(port) : std::nullopt;
}

void read_dns_host(const Reader& item, DnsWatcherConfig& config) {
  const auto text = item.text();
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : port_of(std::string_view(text).substr(colon + 1));
  const auto name = text.substr(0, colon);
  if (!port || !is_dns_name(name)) {
    item.error("must be name:port, got " + common::quote_for_log(text) +
               "; addresses are for a watcher of type fixed, names of SRV records for srv");
    return;
  }
  config.hosts.push_back({name, *port});
}

void read_dns_service(const Reader& item, DnsWatcherConfig& config) {
  config.services.push_back(item.text());
  if (is_dns_name(config.services.back())) return;
  item.error("must be the name of SRV records, such as _http._tcp.example.org, got " +
             common::quote_for_log(config.services.back()));
}

// "127.0.0.1", "127.0.0.1:53", "::1" or "[::1]:53"; empty after an error.
std::string read_name_server(const Reader& item) {
  const auto text = item.text();
  if (common::is_ip_address(text)) return common::host_port(text, 53);
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : port_of(std::string_view(text).substr(colon + 1));
  auto address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (common::is_ipv6_address(address)) {
    address.clear();  // nobody can tell where it ends
  }
  if (port && common::is_ip_address(address)) return common::host_port(address, *port);
  item.error("must be the address of a name server, with :port behind it if that is not 53, got " +
             common::quote_for_log(text));
  return {};
}

AddressFamily read_family(ObjectReader& object) {
  const auto word = object.one_of("family", "any", {"any", "ipv4", "ipv6"});
  return word == "ipv4" ? AddressFamily::ipv4 : word == "ipv6" ? AddressFamily::ipv6 : AddressFamily::any;
}

WatcherConfig read_dns(ObjectReader& object, const ParseOptions&) {
  constexpr std::size_t most_name_servers = 3;  // what glibc's resolver takes
  constexpr std::int64_t least_ttl_ms = 100;
  DnsWatcherConfig config;
  const auto hosts = object.items("hosts");
  const auto services = object.items("srv");
  for (const auto& item : hosts) read_dns_host(item, config);
  for (const auto& item : services) read_dns_service(item, config);
  if (hosts.empty() && services.empty()) {
    object.self().error("needs hosts, a list of name:port, or srv, a list of names of SRV records");
  }
  for (const auto& item : object.items("nameservers")) config.name_servers.push_back(read_name_server(item));
  if (config.name_servers.size() > most_name_servers) {
    object.error("nameservers", "must be " + std::to_string(most_name_servers) + " at most, got " +
                                    std::to_string(config.name_servers.size()));
  }
  config.family = read_family(object);
  config.min_ttl = object.milliseconds("minTtlInMilli", config.min_ttl, least_ttl_ms);
  config.max_ttl = object.milliseconds("maxTtlInMilli", std::max(config.max_ttl, config.min_ttl), least_ttl_ms);
  if (config.max_ttl < config.min_ttl) {
    object.error("maxTtlInMilli", "must not be shorter than minTtlInMilli, which is " +
                                      std::to_string(config.min_ttl.count()) + ", got " +
                                      std::to_string(config.max_ttl.count()));
  }
  return config;
}

WatcherConfig read_fixed(ObjectReader& object, const ParseOptions&) {
  FixedWatcherConfig config;
  const auto list = object.find("servers");
  if (!list) {
    object.error("servers", "is missing");
    return config;
  }
  config.servers = read_servers(*list);
  return config;
}

WatcherConfig read_multi(ObjectReader& object, const ParseOptions& options) {
  MultiWatcherConfig config;
  const auto resolver = object.one_of("resolver", "union", {"union", "sequential"});
  config.resolver = resolver == "sequential" ? MultiResolver::sequential : MultiResolver::union_of_all;
  config.first_wait = object.milliseconds("firstWaitInMilli", config.first_wait, 0);
  const auto watchers = object.find("watchers");
  if (!watchers) {
    object.error("watchers", "is missing");
    return config;
  }
  for (const auto& [name, child] : watchers->members()) {
    if (!common::is_server_name(name)) {
      child.error("the name of a watcher consists of letters, digits and _ . : -, 200 at most");
    }
    config.watchers.push_back({name, read_watcher(child, options)});
  }
  if (config.watchers.empty() && watchers->is_mapping()) watchers->error("must name at least one watcher");
  return config;
}

struct Kind {
  std::string_view type;
  WatcherConfig (*read)(ObjectReader& object, const ParseOptions& options);
};

constexpr std::array kKinds{
    Kind{DnsWatcherConfig::kType, read_dns},
    Kind{FileWatcherConfig::kType, read_file_watcher},
    Kind{FixedWatcherConfig::kType, read_fixed},
    Kind{MultiWatcherConfig::kType, read_multi},
    Kind{ZookeeperWatcherConfig::kType, read_zookeeper},
};

}  // namespace

WatcherConfig read_watcher(const Reader& reader, const ParseOptions& options) {
  ObjectReader object(reader);
  std::vector<std::string> types;
  for (const auto& kind : kKinds) types.emplace_back(kind.type);
  const auto type = read_type(object, types);
  for (const auto& kind : kKinds) {
    if (kind.type != type) continue;
    auto config = kind.read(object, options);
    object.finish();
    return config;
  }
  return {};
}

}  // namespace synapse
