#include "nerve/config.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/config/document.h"
#include "common/registration/validate.h"
#include "nerve/check/datasource.h"
#include "nerve/check/kinds.h"
#include "nerve/lifecycle/warmup.h"
#include "nerve/report/kinds.h"

namespace nerve {
namespace {

using common::ObjectReader;
using common::Reader;

const std::vector<std::string> kLogLevels{"trace", "debug", "info", "warn", "error", "fatal", "panic"};
constexpr std::size_t kLongestSocketPath = 107;  // sun_path of unix(7), with its final zero

CommandSettings read_command(ObjectReader& object, std::string_view key, std::string_view timeout_key,
                             const CommandSettings& defaults) {
  CommandSettings command{object.texts(key), object.milliseconds(timeout_key, defaults.timeout)};
  if (command.given() && command.argv.front().empty()) object.error(key, "must name a program first");
  return command;
}

void read_warmup(ObjectReader& object, LifecycleSettings& settings) {
  settings.warmup_interval = object.milliseconds("enableWarmupIntervalInMilli", settings.warmup_interval);
  settings.warmup_max_duration = object.milliseconds("enableWarmupMaxDurationInMilli", settings.warmup_interval * 30);
  const auto least = settings.warmup_interval * Warmup::kLeastMaxDurationInIntervals;
  if (settings.warmup_max_duration < least) {
    object.error("enableWarmupMaxDurationInMilli",
                 "must be at least " + std::to_string(Warmup::kLeastMaxDurationInIntervals) +
                     " times enableWarmupIntervalInMilli, which is " + std::to_string(least.count()) + ", got " +
                     std::to_string(settings.warmup_max_duration.count()));
  }
}

LifecycleSettings read_lifecycle(ObjectReader& object) {
  LifecycleSettings settings;
  settings.weight = static_cast<int>(object.integer("weight", settings.weight, {1, 255}));
  settings.pre_available =
      read_command(object, "preAvailableCommand", "preAvailableMaxDurationInMilli", settings.pre_available);
  settings.check_stable =
      read_command(object, "enableCheckStableCommand", "enableCheckStableMaxDurationInMilli", settings.check_stable);
  settings.check_stable_interval =
      object.milliseconds("enableCheckStableIntervalInMilli", settings.check_stable_interval);
  read_warmup(object, settings);
  settings.disable_shutdown =
      read_command(object, "disableShutdownCommand", "disableShutdownMaxDurationInMilli", settings.disable_shutdown);
  settings.disable_grace = read_command(object, "disableGracefullyDoneCommand", "disableGracefullyDoneIntervalInMilli",
                                        settings.disable_grace);
  settings.disable_min_duration = object.milliseconds("disableMinDurationInMilli", settings.disable_min_duration, 0);
  settings.disable_max_duration = object.milliseconds("disableMaxDurationInMilli", settings.disable_max_duration, 0);
  settings.down_on_shutdown = object.boolean("setServiceAsDownOnShutdown", settings.down_on_shutdown);
  return settings;
}

void read_checks(ObjectReader& object, ServiceConfig& service, bool prefer_ipv4) {
  CheckConfig defaults;
  defaults.host = service.host;
  defaults.port = service.port;
  defaults.prefer_ipv4 = prefer_ipv4;
  for (const Reader& reader : object.items("checks")) service.checks.push_back(read_check(reader, defaults));
  if (!service.checks.empty()) return;
  if (object.self().is_mapping()) object.self().warn("has no check: checking that its port opens (tcp)");
  service.checks.push_back(defaults);
}

void read_reporters(ObjectReader& object, ServiceConfig& service) {
  for (const Reader& reader : object.items("reporters")) service.reporters.push_back(read_reporter(reader));
  if (!service.reporters.empty()) return;
  if (object.self().is_mapping()) object.self().warn("has no reporter: reporting to the console");
  service.reporters.push_back({});
}

// synapse, and with a worse result its ancestors, leave out what HAProxy would not take.
void warn_of_what_consumers_refuse(ObjectReader& object, const common::Registration& record) {
  if (!common::is_server_name(record.name)) {
    object.self().warn("the name " + common::quote_for_log(record.name) +
                       " is no HAProxy server name: synapse will leave this service out; use letters, digits and "
                       "'_.:-', or set reporterServiceName");
  }
  const auto options = common::parse_server_options(record.haproxy_server_options);
  if (!options) object.find("haproxyServerOptions")->warn("synapse will refuse this: " + options.error().message);
}

ServiceConfig read_service(const Reader& reader) {
  ObjectReader object(reader);
  ServiceConfig service;
  service.host = object.text("host", service.host);
  if (!common::is_ip_address(service.host) && !common::is_host_name(service.host)) {
    object.error("host", "must be an IP address or a host name, got " + common::quote_for_log(service.host));
  }
  service.port = static_cast<int>(object.required_integer("port", {1, 65535}));
  service.name = object.text("name", service.host + ":" + std::to_string(service.port));
  if (service.name.empty()) object.error("name", "must not be empty");
  read_checks(object, service, object.boolean("preferIpv4", false));
  read_reporters(object, service);
  service.report_replay = object.milliseconds("reportReplayInMilli", service.report_replay);
  service.exclude_from_global_disable = object.boolean("excludeFromGlobalDisable", service.exclude_from_global_disable);
  service.no_metrics = object.boolean("noMetrics", service.no_metrics);
  service.lifecycle = read_lifecycle(object);
  common::Registration& record = service.lifecycle.record;
  record.host = service.host;
  record.port = service.port;
  record.name = object.text("reporterServiceName", service.name);
  if (record.name.empty()) record.name = service.name;
  record.haproxy_server_options = object.text("haproxyServerOptions", "");
  record.labels = object.text_map("labels");
  warn_of_what_consumers_refuse(object, record);
  object.finish();
  return service;
}

// Where the service's nodes will be: hosts and path of each.
std::vector<std::string> nodes_of(const ServiceConfig& service) {
  std::vector<std::string> nodes;
  for (const auto& reporter : service.reporters) {
    const auto* zookeeper = std::get_if<ZookeeperOptions>(&reporter.options);
    if (zookeeper == nullptr) continue;
    nodes.push_back(zookeeper->hosts + " " + zookeeper->path + "/" +
                    common::node_name(service.name, service.host, service.port));
  }
  return nodes;
}

void read_services(ObjectReader& object, Config& config) {
  const auto readers = object.items("services");
  std::map<std::string, std::string> places;  // of each name
  std::map<std::string, std::string> nodes;   // of each node, its service
  for (const Reader& reader : readers) {
    ServiceConfig service = read_service(reader);
    const auto [first, is_new] = places.emplace(service.name, reader.path());
    if (!is_new) {
      reader.error("has the name " + common::quote_for_log(service.name) + " of " + first->second +
                   "; names must differ");
      continue;
    }
    for (const auto& node : nodes_of(service)) {
      const auto [other, is_free] = nodes.emplace(node, reader.path());
      if (!is_free) {
        reader.error("would have the same node in ZooKeeper as " + other->second + ": " +
                     node.substr(node.find(' ') + 1) + "; give it a name that differs in more than punctuation");
      }
    }
    config.services.push_back(std::move(service));
  }
  if (config.services.empty() && object.self().is_mapping()) object.self().error("services: there is no service");
}

void read_api(ObjectReader& object, Config& config) {
  config.api_host = object.text("apiHost", config.api_host);
  if (config.api_host == "localhost") config.api_host = "127.0.0.1";
  if (!common::is_ip_address(config.api_host)) {
    object.error("apiHost", "must be an IP address, got " + common::quote_for_log(config.api_host) +
                                "; 0.0.0.0 means all interfaces");
  }
  config.api_port = static_cast<int>(object.integer("apiPort", config.api_port, {0, 65535}));
  config.api_socket = object.text("apiSocket", "");
  if (config.api_socket.size() > kLongestSocketPath) {
    object.error("apiSocket", "must be at most " + std::to_string(kLongestSocketPath) + " bytes long, got " +
                                  std::to_string(config.api_socket.size()));
  }
  config.api_token_file = object.text("apiTokenFile", "");
  config.api_legacy_get = object.boolean("apiLegacyGet", config.api_legacy_get);
}

Config read_config(const Reader& reader) {
  ObjectReader object(reader);
  Config config;
  config.log_level = object.one_of("logLevel", config.log_level, kLogLevels);
  read_api(object, config);
  config.templated_config_path = object.text("templatedConfigPath", "");
  read_services(object, config);
  object.finish();
  return config;
}

}  // namespace

ParsedConfig parse_config(std::string_view text, const std::string& file, const EnvironmentLookup& environment,
                          bool strict) {
  ParsedConfig parsed;
  parsed.diagnostics.strict = strict;
  const common::LaterTemplates later{"datasource", {kDatasourceNames.begin(), kDatasourceNames.end()}};
  auto expanded = common::expand_environment(text, file, environment, later);
  if (!expanded) {
    parsed.diagnostics.errors.push_back(expanded.error().message);
    return parsed;
  }
  parsed.expanded = *std::move(expanded);
  const auto document = common::Document::parse(parsed.expanded, file);
  if (!document) {
    parsed.diagnostics.errors.push_back(document.error().message);
    return parsed;
  }
  parsed.config = read_config(Reader(*document, parsed.diagnostics));
  return parsed;
}

}  // namespace nerve
