#include "synapse/haproxy/skeleton.h"

#include "common/registration/validate.h"

namespace synapse::haproxy {
namespace {

using Lines = std::vector<std::string>;

// HAProxy sizes its tables after the descriptor limit and its threads after the machine: both far too large for a
// sidecar. Old workers live as long as their connections, unless something ends them:
// their age, and how many reloads came after.
// Without the last line HAProxy reads all of the system's certificates at every check, start and reload, for a client
// that nobody uses here.
const Lines kGlobal{"fd-hard-limit 40000", "nbthread 2", "hard-stop-after 30m", "mworker-max-reloads 50",
                    "httpclient.ssl.verify none"};

// A server that is gone before the registry says so costs a retry on another one, not an error.
const Lines kDefaults{"mode tcp",          "timeout connect 2s", "timeout client 10m", "timeout server 10m",
                      "timeout tunnel 1h", "timeout queue 5s",   "retries 3",          "option redispatch 1"};

void append(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

Lines frontend_of(const ServiceConfig& service) {
  Lines lines;
  const std::string options = service.bind_options.empty() ? "" : " " + service.bind_options;
  if (service.port != 0) lines.push_back("bind " + common::host_port(service.bind_address, service.port) + options);
  if (!service.bind_socket.empty()) lines.push_back("bind " + service.bind_socket + options);
  if (!lines.empty() && !service.mode.empty()) lines.push_back("mode " + service.mode);
  append(lines, service.frontend_lines);
  return lines;
}

Lines backend_of(const ServiceConfig& service) {
  Lines lines;
  if (!service.mode.empty()) lines.push_back("mode " + service.mode);
  if (!service.balance.empty()) lines.push_back("balance " + service.balance);
  // Else a single far server would take the load of all near ones. The service's own lines, behind it, may take it
  // back.
  if (service.pool.prefer && !service.pool.prefer->far_weight) lines.push_back("option allbackups");
  append(lines, service.backend_lines);
  return lines;
}

Lines shared_lines_of(const ServiceConfig& service) {
  Lines lines = service.shared_frontend;
  const auto name = service.proxy_name();
  for (auto& line : lines) {
    for (auto at = line.find(kBackendPlaceholder); at != std::string::npos; at = line.find(kBackendPlaceholder, at)) {
      line.replace(at, kBackendPlaceholder.size(), name);
      at += name.size();
    }
  }
  return lines;
}

}  // namespace

ConfigSpec skeleton_of(const RouterConfig& router) {
  const auto& haproxy = std::get<HaproxyRouterConfig>(router.kind);
  ConfigSpec spec;
  spec.global = haproxy.global;
  if (haproxy.runs_haproxy()) {
    if (haproxy.global.empty()) spec.global = kGlobal;
    spec.global.push_back("stats socket " + haproxy.runtime_dir +
                          "/haproxy.sock mode 600 level admin expose-fd listeners");
  }
  spec.defaults = haproxy.defaults.empty() ? kDefaults : haproxy.defaults;
  spec.listen = haproxy.listen;
  spec.frontend = haproxy.frontend;
  spec.backend = haproxy.backend;
  spec.extra = haproxy.extra_sections;
  if (!haproxy.shared_frontend.empty()) spec.shared_frontend = kSharedFrontend;
  spec.shared_lines = haproxy.shared_frontend;
  for (const auto& service : router.services) {
    spec.backends.push_back({.service = service.name,
                             .name = service.proxy_name(),
                             .frontend_lines = frontend_of(service),
                             .backend_lines = backend_of(service),
                             .servers = {},
                             .shared_lines = shared_lines_of(service),
                             .policy = {.verified = service.verified,
                                        .drain = service.drain,
                                        .respect_manual = haproxy.respect_manual_maintenance}});
  }
  return spec;
}

}  // namespace synapse::haproxy
