#include "synapse/haproxy/haproxy_router.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/config_difference.h"
#include "synapse/haproxy/no_control.h"
#include "synapse/haproxy/reload_command.h"
#include "synapse/haproxy/server_keywords.h"
#include "synapse/haproxy/words.h"
#include "synapse/server_options.h"

namespace synapse::haproxy {

namespace asio = boost::asio;

namespace {

// The ids that the operator's own servers have: a record that claims one of them would make the file invalid.
std::set<std::string> ids_in(const std::vector<std::string>& lines) {
  std::set<std::string> ids;
  for (const auto& line : lines) {
    const auto words = split_words(line);
    if (!words || words->empty() || words->front() != "server") continue;
    for (std::size_t i = 1; i + 1 < words->size(); ++i) {
      if ((*words)[i] == "id") ids.insert((*words)[i + 1]);
    }
  }
  return ids;
}

std::vector<std::string> without_ids(const std::vector<std::string>& options, const std::set<std::string>& reserved) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i] == "id" && i + 1 < options.size() && reserved.contains(options[i + 1])) {
      ++i;
    } else {
      kept.push_back(options[i]);
    }
  }
  return kept;
}

bool says_backup(const std::vector<std::string>& options) {
  const auto groups = group_options(options);
  return std::any_of(groups.begin(), groups.end(), [](const OptionGroup& group) { return group.is("backup"); });
}

bool needs_resolving(const RoutedServer& server) {
  return !server.on_socket() && !common::is_ip_address(server.host);
}

std::optional<std::vector<std::string>> words_of(const std::string& line) {
  auto words = split_words(line);
  return words ? std::optional(*std::move(words)) : std::nullopt;
}

// Of serverOptions, for one server.
std::optional<std::vector<std::string>> words_for(const std::string& options, const RoutedServer& server,
                                                  std::uint64_t seed) {
  const auto expanded = expand_server_options(options, server.name, server.labels, seed);
  return expanded ? words_of(*expanded) : std::nullopt;
}

}  // namespace

common::Result<std::unique_ptr<Router>> HaproxyRouter::make(asio::io_context& io, const RouterConfig& config,
                                                            Events& events, std::uint64_t seed, bool file_only) {
  auto claim = Claim::make(std::get<HaproxyRouterConfig>(config.kind), file_only);
  if (!claim) return claim.error();
  RouterConfig its_own = config;
  if (file_only) {
    auto& kind = std::get<HaproxyRouterConfig>(its_own.kind);
    kind.socket_path.clear();
    kind.further_sockets.clear();
  }
  return std::unique_ptr<Router>(new HaproxyRouter(io, its_own, events, seed, *std::move(claim), file_only));
}

HaproxyRouter::HaproxyRouter(asio::io_context& io, const RouterConfig& config, Events& events, std::uint64_t seed,
                             Claim claim, bool file_only)
    : claim_(std::move(claim)),
      events_(events),
      place_(place_of(config)),
      seed_(seed),
      file_only_(file_only),
      addresses_(io, events, [this](const std::string& service) { resolved(service); }),
      control_(make_control(io, std::get<HaproxyRouterConfig>(config.kind))),
      driver_(io, config, *control_, events, [this](const std::string& service) {
        if (const auto found = services_.find(service); found != services_.end()) found->second.routed = true;
        events_.service_ready({service, place_});
      }) {
  take_services(config);
}

void HaproxyRouter::take_services(const RouterConfig& config) {
  std::map<std::string, Service> services;
  for (const auto& service : config.services) {
    Service taken;
    if (const auto known = services_.find(service.name); known != services_.end()) taken = std::move(known->second);
    taken.config = service;
    taken.reserved_ids = ids_in(service.backend_lines);
    taken.words = is_template(service.server_options) ? std::nullopt : words_of(service.server_options);
    services.emplace(service.name, std::move(taken));
  }
  for (const auto& [name, service] : services_) {
    if (!services.contains(name)) addresses_.follow(name, {});
  }
  services_ = std::move(services);
}

asio::awaitable<common::Result<void>> HaproxyRouter::prove(const RouterConfig& config) {
  auto known = driver_.known();
  for (const auto& service : config.services) {
    const auto running = services_.find(service.name);
    const auto found = known.find(service.name);
    if (running == services_.end() || found == known.end()) continue;
    found->second.same = same_service(running->second.config, service);
  }
  co_return co_await driver_.file().prove(text_to_prove(config, known, seed_));
}

void HaproxyRouter::reconfigure(const RouterConfig& config) {
  take_services(config);
  driver_.reconfigure(config);
  for (const auto& [name, service] : services_) resolved(name);
}

bool HaproxyRouter::routed(const std::string& service) const {
  const auto found = services_.find(service);
  return found != services_.end() && found->second.routed;
}

OutputState HaproxyRouter::output(const std::string& name) const {
  auto output = driver_.output(name);
  const auto found = services_.find(name);
  if (found == services_.end() || !found->second.wanted) return output;
  std::unordered_set<std::string_view> handed_over;
  for (const auto& server : output.wanted) handed_over.insert(server.name);
  for (const auto& server : found->second.wanted->servers) {
    if (handed_over.contains(server.name)) continue;
    output.problems[server.name] = !needs_resolving(server) ? "it is not fit for HAProxy's configuration"
                                                            : "its host name " + server.host + " does not resolve";
  }
  return output;
}

std::unique_ptr<HaproxyControl> HaproxyRouter::make_control(asio::io_context& io, const HaproxyRouterConfig& config) {
  if (file_only_) return std::make_unique<NoControl>();
  if (!config.runs_haproxy()) {
    return std::make_unique<ReloadCommand>(io, ReloadCommandOptions{.config_path = config.config_path,
                                                                    .reload = config.reload_command,
                                                                    .reload_timeout = config.reload_timeout,
                                                                    .cleanup = config.cleanup_command,
                                                                    .cleanup_timeout = config.cleanup_timeout});
  }
  auto child = std::make_unique<HaproxyChild>(io,
                                              HaproxyChildOptions{.binary = config.haproxy_binary,
                                                                  .config_path = config.config_path,
                                                                  .runtime_dir = config.runtime_dir,
                                                                  .shutdown_timeout = config.shutdown_timeout},
                                              [this](const std::string& how) { driver_.haproxy_ended(how); });
  child->adopt();
  return child;
}

asio::awaitable<void> HaproxyRouter::run() {
  return driver_.run();
}

void HaproxyRouter::update(const std::string& name, const Routed& routed) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  auto& service = found->second;
  std::set<std::string> names;
  for (const auto& server : routed.servers) {
    if (needs_resolving(server)) names.insert(server.host);
  }
  addresses_.follow(name, names);
  service.wanted = names.empty() ? nullptr : std::make_unique<const Routed>(routed);
  hand_over(name, service, routed);
}

void HaproxyRouter::resolved(const std::string& name) {
  const auto found = services_.find(name);
  if (found == services_.end() || !found->second.wanted) return;
  hand_over(name, found->second, *found->second.wanted);
}

// A server whose name does not resolve (yet) is left out; the others are served.
void HaproxyRouter::hand_over(const std::string& name, const Service& service, const Routed& wanted) {
  std::vector<ServerSpec> servers;
  servers.reserve(wanted.servers.size());
  for (const auto& server : wanted.servers) {
    if (file_only_ && needs_resolving(server) && !addresses_.looked_up(server.host)) return;
    auto address = needs_resolving(server) ? addresses_.address(server.host) : server.host;
    if (address.empty()) address = driver_.present_address(name, server.name);  // of an earlier look-up
    if (address.empty() || is_socket(address) != server.on_socket()) continue;
    if (auto spec = to_spec(service, server, std::move(address))) servers.push_back(std::move(*spec));
  }
  driver_.set_servers(name, std::move(servers), wanted.empty_on_purpose());
}

// Nothing when the service's words do not fit the server's labels: rather left out, as the pool has told, than served
// without them.
std::optional<ServerSpec> HaproxyRouter::to_spec(const Service& service, const RoutedServer& server,
                                                 std::string address) const {
  ServerSpec spec{.name = server.name,
                  .address = std::move(address),
                  .port = server.port,
                  .weight = server.weight,
                  .enabled = server.available || server.draining,
                  .options = without_ids(server.options, service.reserved_ids)};
  if (server.backup && !says_backup(spec.options)) spec.options.emplace_back("backup");
  const auto its_own = service.words ? std::nullopt : words_for(service.config.server_options, server, seed_);
  const auto& words = service.words ? service.words : its_own;
  if (!words) return std::nullopt;
  spec.options.insert(spec.options.end(), words->begin(), words->end());
  return spec;
}

asio::awaitable<void> HaproxyRouter::stop(bool leave_running) {
  co_await addresses_.stop();
  co_await driver_.stop();
  co_await control_->stop(leave_running);
  events_.router_ended(driver_.file().path());
}

}  // namespace synapse::haproxy
