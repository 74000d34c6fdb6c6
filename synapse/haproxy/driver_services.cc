// The part of the driver that knows the services: what each shall have, and what HAProxy has of it.
#include <algorithm>
#include <utility>

#include "synapse/haproxy/driver.h"
#include "synapse/haproxy/skeleton.h"

namespace synapse::haproxy {

void Driver::take_services(const RouterConfig& router) {
  skeleton_ = skeleton_of(router);
  Services services;
  for (std::size_t i = 0; i < router.services.size(); ++i) {
    auto& wanted = skeleton_.backends[i];
    const common::Coalescer changes(router.events_buffer_duration);
    const auto known = std::find_if(services_.begin(), services_.end(),
                                    [&](const auto& service) { return service->wanted.service == wanted.service; });
    auto service = known != services_.end() ? *known : std::make_shared<Service>(Service{.changes = changes});
    wanted.servers = std::move(service->wanted.servers);
    if (!has_socket()) wanted.policy = {};  // which take effect on it
    service->wanted = std::move(wanted);
    service->declare_empty = router.services[i].declare_empty;
    service->changes = changes;
    services.push_back(std::move(service));
  }
  for (const auto& service : services_) {
    service->removed = std::find(services.begin(), services.end(), service) == services.end();
  }
  services_ = std::move(services);
  skeleton_.backends.clear();
}

void Driver::take_traits() {
  for (const auto& service : services_) {
    service->traits = traits_of(skeleton_.defaults, service->wanted.backend_lines, capabilities_);
  }
}

void Driver::reconfigure(const RouterConfig& router) {
  config_ = std::get<HaproxyRouterConfig>(router.kind);
  reload_interval_.set_interval(config_.reload_min_interval);
  take_services(router);  // with the traits of what HAProxy runs, until it runs something else
  update_fingerprint();
  refused_text_.clear();  // what HAProxy did not take may be good in new company
  first_answers_.begin(Clock::now());
  if (attached_ && has_socket() && running_.fingerprint != fingerprint_) {
    want_reload(ReloadReason::skeleton_changed, "the configuration changed");
  } else if (attached_ && !has_socket() && rendered(FileFor::reload).text != file_.text()) {
    want_reload(ReloadReason::no_socket, "the configuration changed");
  }
  plan_all_again();
}

Driver::Service* Driver::find(const std::string& name) const {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const auto& service) { return service->wanted.service == name; });
  return found == services_.end() ? nullptr : found->get();
}

void Driver::set_servers(const std::string& name, std::vector<ServerSpec> servers, bool on_purpose) {
  auto* service = find(name);
  if (service == nullptr) return;
  // The last servers stay when all vanish, also when they were found by an earlier synapse.
  if (servers.empty() && service->from_file && !on_purpose) servers = service->wanted.servers;
  service->from_file = service->from_file && servers == service->wanted.servers;
  if (service->known && service->wanted.servers == servers) return;
  const auto now = Clock::now();
  if (!std::exchange(service->known, true)) first_answers_.heard(now);
  service->wanted.servers = std::move(servers);
  const bool available = std::any_of(service->wanted.servers.begin(), service->wanted.servers.end(),
                                     [](const ServerSpec& server) { return server.enabled; });
  if (available && !std::exchange(service->ever_available, true) && !service->declare_empty) update_fingerprint();
  changed_at_ = now;
  service->changes.changed(now);
  events_.servers_wanted({name, place_}, now);
  wake();
}

bool Driver::all_known() const {
  return std::all_of(services_.begin(), services_.end(), [](const auto& service) { return service->known; });
}

// True when a load of the file would take servers from a service of which nobody has spoken yet.
bool Driver::would_empty_a_service() const {
  return std::any_of(services_.begin(), services_.end(), [this](const auto& each) {
    const Service& service = *each;
    if (!declared(service) || service.known || service.from_file) return false;
    if (!has_socket()) return file_has_more_;  // what it runs is then what is in the file
    return std::any_of(running_.state.backends.begin(), running_.state.backends.end(), [&](const auto& backend) {
      const auto& wanted = service.wanted;
      const bool its_own = backend.first == wanted.name || backend.first == running_name(wanted.service) ||
                           is_proxy_of(backend.first, wanted.service);
      return its_own && !backend.second.servers.empty();
    });
  });
}

std::string Driver::present_address(const std::string& name, const std::string& server) const {
  const auto* service = find(name);
  if (service == nullptr) return "";
  const auto& servers = service->wanted.servers;
  const auto found =
      std::find_if(servers.begin(), servers.end(), [&](const auto& each) { return each.name == server; });
  return found == servers.end() ? "" : found->address;
}

}  // namespace synapse::haproxy
