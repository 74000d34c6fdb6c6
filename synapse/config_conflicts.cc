#include <algorithm>
#include <map>
#include <utility>

#include "common/config/nearest.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"
#include "synapse/haproxy/words.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::quote_for_log;
using common::Reader;

using Owners = std::map<std::string, std::string>;  // what -> whose

// A service of a file of its own has no path.
std::string place_words(const Reader& place) {
  return place.path().empty() ? place.location() : place.path();
}

void check_names(const PlacedRouter& router) {
  Owners seen;
  const auto& services = router.config.services;
  for (std::size_t i = 0; i < services.size(); ++i) {
    if (services[i].name.empty()) continue;
    const auto [other, fresh] = seen.emplace(services[i].name, place_words(router.services[i]));
    if (!fresh) {
      error_at(router.services[i], "name", "is that of " + other->second + ", too: " + quote_for_log(services[i].name));
    }
  }
}

void check_correlations(const PlacedRouter& router) {
  for (std::size_t i = 0; i < router.config.services.size(); ++i) {
    const auto& service = router.config.services[i];
    if (!service.correlation || service.correlation->other_service.empty()) continue;
    std::vector<std::string> others;
    for (const auto& other : router.config.services) {
      if (&other != &service) others.push_back(other.name);
    }
    const auto& wanted = service.correlation->other_service;
    if (std::find(others.begin(), others.end(), wanted) != others.end()) continue;
    const auto near = common::nearest(wanted, others);
    error_at(*ObjectReader(router.services[i]).find("serverCorrelation"), "otherServiceName",
             "must be another service of this router, got " + quote_for_log(wanted) +
                 (near ? "; did you mean " + quote_for_log(*near) + "?" : ""));
  }
}

// True for `<service>_<digits>`: under such a name the servers of a service are looked for in the last file.
bool could_be_of(const std::string& proxy, const std::string& service) {
  if (service.empty() || !proxy.starts_with(service + "_")) return false;
  const auto id = proxy.substr(service.size() + 1);
  return !id.empty() && id.find_first_not_of("0123456789") == std::string::npos;
}

void check_backend_names(const PlacedRouter& router) {
  const auto& services = router.config.services;
  Owners seen;
  // Names that were given count before names that were made.
  for (const bool given : {true, false}) {
    for (std::size_t i = 0; i < services.size(); ++i) {
      const auto& service = services[i];
      if (service.disabled || service.backend_name.empty() == given) continue;
      const auto [other, fresh] = seen.emplace(service.proxy_name(), place_words(router.services[i]));
      if (!fresh) {
        error_at(router.services[i], given ? "backendName" : "name",
                 "becomes the name of " + other->second + ", too: " + quote_for_log(service.proxy_name()));
      }
      if (!given) continue;
      const auto taken = std::find_if(services.begin(), services.end(), [&](const auto& each) {
        return &each != &service && could_be_of(service.backend_name, each.name);
      });
      if (taken != services.end()) {
        error_at(router.services[i], "backendName",
                 "looks like what service " + taken->name + " becomes: " + quote_for_log(service.backend_name));
      }
    }
  }
}

// Every proxy has a frontend side, a backend side or both; none may be there twice.
void check_sections(const PlacedRouter& router) {
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.config.kind);
  Owners frontends;
  Owners backends;
  for (const auto& service : router.config.services) {
    if (service.disabled) continue;
    for (auto* side : {&frontends, &backends}) {
      side->emplace(service.proxy_name(), "is what service " + service.name + " becomes");
    }
  }
  if (!haproxy.shared_frontend.empty()) {
    const auto [other, fresh] = frontends.emplace(kSharedFrontend, "is what sharedFrontend becomes");
    if (!fresh) {
      error_at(router.place, "sharedFrontend",
               "becomes a section " + quote_for_log(kSharedFrontend) + ", which " + other->second);
    }
  }
  const auto check = [&](const HaproxyRouterConfig::Sections& sections, const std::string& key,
                         const std::vector<Owners*>& sides) {
    for (const auto& [name, lines] : sections) {
      std::string taken;
      for (auto* side : sides) {
        const auto [other, fresh] = side->emplace(name, "is a section of " + key + ", too");
        if (!fresh && taken.empty()) taken = other->second;
      }
      if (!taken.empty()) error_at(*ObjectReader(router.place).find(key), name, taken);
    }
  };
  check(haproxy.listen, "listen", {&frontends, &backends});
  check(haproxy.frontend, "frontend", {&frontends});
  check(haproxy.backend, "backend", {&backends});
}

void check_shared_frontend(const PlacedRouter& router) {
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.config.kind);
  if (!haproxy.shared_frontend.empty()) return;
  for (std::size_t i = 0; i < router.config.services.size(); ++i) {
    if (router.config.services[i].shared_frontend.empty()) continue;
    error_at(router.services[i], "sharedFrontend",
             "needs a sharedFrontend in the router, a list of lines with a bind among them");
  }
}

// The addresses of a line `bind a:1,b:2 ...`, as they are written.
std::vector<std::string> bound_by(const std::string& line) {
  std::vector<std::string> addresses;
  const auto words = haproxy::split_words(line);
  if (!words || words->size() < 2 || words->front() != "bind") return addresses;
  const std::string list = haproxy::unquote((*words)[1]).value_or("");
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    addresses.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return addresses;
}

// Two that write one file, or bind one port, would take turns in breaking each other.
class Conflicts {
 public:
  void check(const PlacedRouter& router) {
    if (const auto* haproxy = std::get_if<HaproxyRouterConfig>(&router.config.kind)) {
      check_haproxy(*haproxy, router);
    } else if (const auto* mustache = std::get_if<TemplateRouterConfig>(&router.config.kind)) {
      if (!mustache->destination_file.empty()) {
        claim(files_, mustache->destination_file, router.place, "destinationFile");
      }
    } else if (const auto* file = std::get_if<FileRouterConfig>(&router.config.kind)) {
      if (!file->output_directory.empty()) {
        claim(directories_, file->output_directory, router.place, "outputDirectory");
      }
    }
  }

 private:
  void check_haproxy(const HaproxyRouterConfig& haproxy, const PlacedRouter& router) {
    const bool own_directory =
        !haproxy.runs_haproxy() || claim(directories_, haproxy.runtime_dir, router.place, "runtimeDir");
    if (own_directory && !haproxy.config_path.empty()) {
      claim(files_, haproxy.config_path, router.place, "configPath");
    }
    for (const auto& line : haproxy.shared_frontend) {
      for (const auto& address : bound_by(line)) claim(binds_, address, router.place, "sharedFrontend");
    }
    for (std::size_t i = 0; i < router.config.services.size(); ++i) {
      const auto& service = router.config.services[i];
      if (service.disabled) continue;
      if (service.port != 0) {
        claim(binds_, common::host_port(service.bind_address, service.port), router.services[i], "port");
      }
      if (!service.bind_socket.empty()) claim(binds_, service.bind_socket, router.services[i], "bindSocket");
    }
  }

  bool claim(Owners& owners, const std::string& what, const Reader& place, const std::string& key) {
    const auto [other, fresh] = owners.emplace(what, place_words(place));
    if (!fresh) error_at(place, key, "is that of " + other->second + ", too: " + what);
    return fresh;
  }

  Owners directories_;
  Owners files_;
  Owners binds_;
};

}  // namespace

void check_conflicts(const std::vector<PlacedRouter>& routers) {
  Conflicts conflicts;
  for (const auto& router : routers) {
    check_names(router);
    check_correlations(router);
    if (std::holds_alternative<HaproxyRouterConfig>(router.config.kind)) {
      check_backend_names(router);
      check_sections(router);
      check_shared_frontend(router);
    }
    conflicts.check(router);
  }
}

}  // namespace synapse
