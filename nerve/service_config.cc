#include "nerve/service_config.h"

#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "common/registration/validate.h"
#include "nerve/check/kinds.h"
#include "nerve/lifecycle/warmup.h"
#include "nerve/report/kinds.h"

namespace nerve {
namespace {

using common::ObjectReader;
using common::Reader;

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

double read_number(ObjectReader& object, std::string_view key, double fallback, double least) {
  const std::string text = object.text(key, "");
  if (text.empty()) return fallback;
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr double kMost = 1e6;
  if (problem == std::errc() && end == text.data() + text.size() && number >= least && number <= kMost) return number;
  object.error(key,
               fmt::format("must be a number between {} and {}, got {}", least, kMost, common::quote_for_log(text)));
  return fallback;
}

std::optional<RateLimit> read_rate_limit(ObjectReader& object) {
  const auto reader = object.find("rateLimiting");
  if (!reader) return std::nullopt;
  ObjectReader limits(*reader);
  RateLimit limit;
  limit.average_rate = read_number(limits, "averageRate", limit.average_rate, 0.001);
  limit.max_burst = read_number(limits, "maxBurst", limit.max_burst, 1);
  limit.shadow_mode = limits.boolean("shadowMode", limit.shadow_mode);
  limits.finish();
  return limit;
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
  settings.rate_limit = read_rate_limit(object);
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

// What is announced: an address, a name, or "auto" for an address of this machine.
std::string read_host(ObjectReader& object, const std::string& fallback, const AddressLookup& address) {
  const std::string host = object.text("host", fallback);
  if (host == "auto" || host.starts_with("auto:")) {
    const auto found = address(host.size() > 5 ? host.substr(5) : "");
    if (found) return *found;
    object.error("host", host + ": " + found.error().message);
  } else if (!common::is_ip_address(host) && !common::is_host_name(host)) {
    object.error("host",
                 "must be an IP address, a host name, auto, or auto:INTERFACE, got " + common::quote_for_log(host));
  }
  return host;
}

}  // namespace

ServiceConfig read_service(const Reader& reader, const AddressLookup& address) {
  ObjectReader object(reader);
  ServiceConfig service;
  service.host = read_host(object, service.host, address);
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

}  // namespace nerve
