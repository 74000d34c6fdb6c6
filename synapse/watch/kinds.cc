#include "synapse/watch/kinds.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/zookeeper/hosts.h"
#include "synapse/sessions.h"
#include "synapse/watch/dns_watcher.h"
#include "synapse/watch/file_watcher.h"
#include "synapse/watch/fixed_watcher.h"
#include "synapse/watch/multi_watcher.h"
#include "synapse/watch/zookeeper_watcher.h"

namespace synapse {
namespace {

std::unique_ptr<Watcher> make_dns(const WatcherConfig& config, const WatchContext& context, WatcherEvents events) {
  return std::make_unique<DnsWatcher>(context.io, context.name_servers, std::get<DnsWatcherConfig>(config),
                                      std::move(events));
}

std::unique_ptr<Watcher> make_file(const WatcherConfig& config, const WatchContext& context, WatcherEvents events) {
  return std::make_unique<FileWatcher>(context.io, std::get<FileWatcherConfig>(config).path, std::move(events));
}

std::unique_ptr<Watcher> make_fixed(const WatcherConfig& config, const WatchContext& context, WatcherEvents events) {
  return std::make_unique<FixedWatcher>(context.io, std::get<FixedWatcherConfig>(config).servers, std::move(events));
}

std::unique_ptr<Watcher> make_multi(const WatcherConfig& config, const WatchContext& context, WatcherEvents events) {
  const auto make_child = [&context](const WatcherConfig& child, WatcherEvents of_child) {
    return make_watcher(child, context, std::move(of_child));
  };
  return std::make_unique<MultiWatcher>(context.io, std::get<MultiWatcherConfig>(config), make_child,
                                        std::move(events));
}

std::unique_ptr<Watcher> make_zookeeper(const WatcherConfig& config, const WatchContext& context,
                                        WatcherEvents events) {
  const auto& zookeeper = std::get<ZookeeperWatcherConfig>(config);
  return std::make_unique<ZookeeperWatcher>(context.io, context.sessions.session_for(zookeeper), zookeeper,
                                            std::move(events));
}

std::string dns_source(const WatcherConfig& config) {
  const auto& dns = std::get<DnsWatcherConfig>(config);
  std::string words = "dns";
  for (const auto& host : dns.hosts) words += " " + host.name + ":" + std::to_string(host.port);
  for (const auto& service : dns.services) words += " srv " + service;
  for (const auto& server : dns.name_servers) words += " at " + server;
  return words;
}

std::string file_source(const WatcherConfig& config) {
  return "file " + std::get<FileWatcherConfig>(config).path;
}

std::string fixed_source(const WatcherConfig&) {
  return "fixed";
}

std::string multi_source(const WatcherConfig& config) {
  std::string words = "multi";
  for (const auto& child : std::get<MultiWatcherConfig>(config).watchers) {
    words += " " + child.name + " (" + source_of(child.watcher) + ")";
  }
  return words;
}

std::string zookeeper_source(const WatcherConfig& config) {
  const auto& zookeeper = std::get<ZookeeperWatcherConfig>(config);
  const auto words = common::zookeeper::join_hosts(zookeeper.hosts) + " " + zookeeper.path;
  return zookeeper.endpoint_name.empty() ? words : words + " " + zookeeper.endpoint_name;
}

struct Kind {
  std::string_view type;
  std::unique_ptr<Watcher> (*make)(const WatcherConfig& config, const WatchContext& context, WatcherEvents events);
  std::string (*source)(const WatcherConfig& config);
};

constexpr std::array kKinds{
    Kind{DnsWatcherConfig::kType, make_dns, dns_source},
    Kind{FileWatcherConfig::kType, make_file, file_source},
    Kind{FixedWatcherConfig::kType, make_fixed, fixed_source},
    Kind{MultiWatcherConfig::kType, make_multi, multi_source},
    Kind{ZookeeperWatcherConfig::kType, make_zookeeper, zookeeper_source},
};

const Kind& kind_of(const WatcherConfig& config) {
  const auto type = type_of(config);
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [type](const Kind& each) { return each.type == type; });
  if (kind == kKinds.end()) throw std::logic_error("no such kind of watcher: " + std::string(type));
  return *kind;
}

}  // namespace

std::string source_of(const WatcherConfig& config) {
  return kind_of(config).source(config);
}

std::string kept_under(const WatcherConfig& config) {
  if (const auto* zookeeper = std::get_if<ZookeeperWatcherConfig>(&config)) {
    auto same = *zookeeper;
    const auto chroot = common::zookeeper::split_hosts(common::zookeeper::join_hosts(zookeeper->hosts)).chroot;
    same.hosts = {"zookeeper" + chroot};
    return zookeeper_source(same);
  }
  if (const auto* multi = std::get_if<MultiWatcherConfig>(&config)) {
    std::string words = "multi";
    for (const auto& child : multi->watchers) words += " " + child.name + " (" + kept_under(child.watcher) + ")";
    return words;
  }
  return source_of(config);
}

std::unique_ptr<Watcher> make_watcher(const WatcherConfig& config, const WatchContext& context, WatcherEvents events) {
  return kind_of(config).make(config, context, std::move(events));
}

}  // namespace synapse
