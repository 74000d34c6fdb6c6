// The part of the driver that knows by which names HAProxy has the services. A name holds an id, which changes when
// services come and go, or is given and may be given anew; HAProxy has the old one until it loads the new file.
#include <algorithm>
#include <set>
#include <utility>

#include "synapse/haproxy/driver.h"

namespace synapse::haproxy {

bool is_proxy_of(std::string_view proxy, std::string_view service) {
  if (!proxy.starts_with(service) || !proxy.substr(service.size()).starts_with('_')) return false;
  const auto id = proxy.substr(service.size() + 1);
  return !id.empty() && id.find_first_not_of("0123456789") == std::string_view::npos;
}

Driver::Names Driver::wanted_names() const {
  Names names;
  for (const auto& service : services_) {
    if (declared(*service)) names[service->wanted.service] = service->wanted.name;
  }
  return names;
}

Driver::Names Driver::names_in(const Reading& reading) const {
  if (reading.fingerprint == fingerprint_) return wanted_names();
  if (!reading.fingerprint.empty()) {
    if (reading.fingerprint == file_fingerprint_) return file_names_;
    if (reading.fingerprint == running_.fingerprint) return running_names_;
  }
  return names_by_likeness(reading.state);
}

// Of a configuration that somebody else made HAProxy load: a name that a service had, its present one, or one of
// another id; never one that is another service's.
Driver::Names Driver::names_by_likeness(const ObservedState& state) const {
  Names names;
  std::set<std::string> taken;
  const auto& backends = state.backends;
  for (const auto& [service, name] : running_names_) {
    if (backends.contains(name) && taken.insert(name).second) names[service] = name;
  }
  for (const auto& each : services_) {
    const auto& wanted = each->wanted;
    if (names.contains(wanted.service) || !backends.contains(wanted.name)) continue;
    if (taken.insert(wanted.name).second) names[wanted.service] = wanted.name;
  }
  for (const auto& each : services_) {
    const auto& service = each->wanted.service;
    if (names.contains(service)) continue;
    const auto found = std::find_if(backends.begin(), backends.end(), [&](const auto& backend) {
      return !taken.contains(backend.first) && is_proxy_of(backend.first, service);
    });
    if (found == backends.end()) continue;
    taken.insert(found->first);
    names[service] = found->first;
  }
  return names;
}

// Empty: HAProxy does not have the service.
std::string Driver::running_name(const std::string& service) const {
  const auto found = running_names_.find(service);
  return found == running_names_.end() ? "" : found->second;
}

// A command's backend was named before HAProxy loaded something else.
std::string Driver::present_name(const std::string& former) const {
  const auto found = renamed_.find(former);
  return found == renamed_.end() ? former : found->second;
}

void Driver::take_names(Names names) {
  renamed_.clear();
  for (const auto& [service, name] : names) {
    const auto former = running_name(service);
    if (!former.empty() && former != name) renamed_[former] = name;
  }
  running_names_ = std::move(names);
}

// Null: HAProxy does not have it. It does not list a backend without servers.
ObservedBackend* Driver::observed(const Service& service) {
  const auto name = running_names_.find(service.wanted.service);
  if (name == running_names_.end()) return nullptr;
  auto& backend = running_.state.backends[name->second];
  backend.name = name->second;
  return &backend;
}

// Until HAProxy loads the wanted configuration, its servers are reached by the name that it has.
Plan Driver::plan_as_it_runs(const Service& service) {
  auto* has = observed(service);
  const auto now = Clock::now();
  if (has == nullptr || has->name == service.wanted.name) {
    return plan(service.wanted, service.traits, has, capabilities_, now);
  }
  auto wanted = service.wanted;
  wanted.name = has->name;
  return plan(wanted, service.traits, has, capabilities_, now);
}

// Also when HAProxy is away: then it is what it had last, or what its file would make it have. A service that HAProxy
// does not have may follow one that it has.
const ObservedBackend* Driver::last_seen(const BackendSpec& wanted) const {
  if (!has_socket()) return nullptr;
  const auto& backends = running_.state.backends;
  const auto running = backends.find(running_name(wanted.service));
  if (running != backends.end()) return &running->second;
  if (running_names_.contains(wanted.service)) return nullptr;
  const auto exact = backends.find(wanted.name);
  if (exact != backends.end()) return &exact->second;
  const auto found = std::find_if(backends.begin(), backends.end(),
                                  [&](const auto& backend) { return is_proxy_of(backend.first, wanted.service); });
  return found == backends.end() ? nullptr : &found->second;
}

}  // namespace synapse::haproxy
