#include "synapse/config_difference.h"

#include <algorithm>
#include <map>

namespace synapse {
namespace {

const ServiceConfig* find(const std::vector<ServiceConfig>& services, const std::string& name) {
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const auto& service) { return service.name == name; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace

std::string place_of(const RouterConfig& router) {
  if (const auto* haproxy = std::get_if<HaproxyRouterConfig>(&router.kind)) return "haproxy " + haproxy->config_path;
  if (const auto* rendered = std::get_if<TemplateRouterConfig>(&router.kind)) {
    return "template " + rendered->destination_file;
  }
  if (const auto* files = std::get_if<FileRouterConfig>(&router.kind)) return "file " + files->output_directory;
  return router.type;
}

std::vector<std::string> places_of(const std::vector<RouterConfig>& routers) {
  std::vector<std::string> places;
  std::map<std::string, int> seen;
  for (const auto& router : routers) {
    const auto place = place_of(router);
    const int number = ++seen[place];
    places.push_back(number == 1 ? place : place + " " + std::to_string(number));
  }
  return places;
}

bool takes_the_same(const RouterConfig& one, const RouterConfig& other) {
  const auto* first = std::get_if<HaproxyRouterConfig>(&one.kind);
  const auto* second = std::get_if<HaproxyRouterConfig>(&other.kind);
  if (first == nullptr || second == nullptr) return place_of(one) == place_of(other);
  const auto both_use = [](const std::string& path, const std::string& its) { return !path.empty() && path == its; };
  if (both_use(first->config_path, second->config_path)) return true;
  if (first->runs_haproxy() && second->runs_haproxy() && both_use(first->runtime_dir, second->runtime_dir)) return true;
  const auto sockets_of = [](const HaproxyRouterConfig& router) {
    auto sockets = router.further_sockets;
    if (!router.socket_path.empty()) sockets.push_back(router.socket_path);
    return sockets;
  };
  const auto its = sockets_of(*second);
  const auto sockets = sockets_of(*first);
  return std::find_first_of(sockets.begin(), sockets.end(), its.begin(), its.end()) != sockets.end();
}

std::vector<std::string> fixed_keys_changed(const RouterConfig& running, const RouterConfig& fresh) {
  std::vector<std::string> keys;
  const auto* before = std::get_if<HaproxyRouterConfig>(&running.kind);
  const auto* after = std::get_if<HaproxyRouterConfig>(&fresh.kind);
  if (before == nullptr || after == nullptr) return keys;
  const auto note = [&keys](bool differs, const char* key) {
    if (differs) keys.emplace_back(key);
  };
  note(before->reload_command != after->reload_command, "reloadCommand");
  note(before->reload_timeout != after->reload_timeout, "reloadTimeoutInMilli");
  note(before->cleanup_command != after->cleanup_command, "cleanupCommand");
  note(before->cleanup_timeout != after->cleanup_timeout, "cleanupTimeoutInMilli");
  note(before->runtime_dir != after->runtime_dir, "runtimeDir");
  note(before->haproxy_binary != after->haproxy_binary, "haproxyBinary");
  note(before->shutdown_timeout != after->shutdown_timeout, "shutdownTimeoutInMilli");
  note(before->socket_path != after->socket_path || before->further_sockets != after->further_sockets,
       "the stats socket in global");
  return keys;
}

bool same_service(const ServiceConfig& one, const ServiceConfig& other) {
  ServiceConfig numbered = other;
  numbered.id = one.id;
  return one == numbered;
}

common::ConfigDifference difference(const std::vector<ServiceConfig>& running,
                                    const std::vector<ServiceConfig>& fresh) {
  common::ConfigDifference result;
  for (const auto& service : fresh) {
    const auto* before = find(running, service.name);
    if (before == nullptr) {
      result.added.push_back(service.name);
    } else if (same_service(*before, service)) {
      ++result.unchanged;
    } else {
      result.changed.push_back(service.name);
    }
  }
  for (const auto& service : running) {
    if (find(fresh, service.name) == nullptr) result.removed.push_back(service.name);
  }
  return result;
}

}  // namespace synapse
