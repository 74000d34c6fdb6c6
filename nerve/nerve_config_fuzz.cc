// nerve's configuration as a whole: the value of a variable, the one file of a servicesDir, the configuration.
#include <chrono>
#include <variant>

#include <nlohmann/json.hpp>

#include "common/fuzz/target.h"
#include "common/registration/validate.h"
#include "nerve/config.h"

namespace {

using namespace nerve;
using common::fuzz::has_control;
using common::fuzz::must;

constexpr std::chrono::hours kYear{24 * 366};

ParsedConfig parse(std::string_view text, const std::string& variable, const std::string& service, bool strict) {
  ConfigSources sources;
  sources.environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return variable;
    return name == "B" ? std::optional<std::string>("{{.A}}") : std::nullopt;
  };
  sources.files_of = [&](const std::string& directory) -> common::Result<std::vector<common::ConfigFile>> {
    if (service.empty()) return common::fail("cannot read " + directory);
    return std::vector<common::ConfigFile>{{.name = "/etc/n/a.yml", .text = service}};
  };
  sources.address = [](const std::string& interface) -> common::Result<std::string> {
    if (interface == "lo") return common::fail("lo has no address of its own");
    return std::string("10.9.8.7");
  };
  return parse_config(text, "/etc/nerve.yml", sources, strict);
}

void said_in_one_line(const std::vector<std::string>& messages) {
  for (const auto& message : messages) {
    must(message.starts_with("/etc/n") && !has_control(message), "file, line and what is wrong", message);
  }
}

void is_time(std::chrono::milliseconds time) {
  must(time.count() >= 0 && time <= kYear, "a time");
}

void sound(const CheckConfig& check) {
  is_time(check.timeout);
  is_time(check.interval);
  is_time(check.fast_interval);
  must(check.timeout.count() > 0 && check.interval.count() > 0, "a check takes time, and rests");
  must(check.thresholds.rise >= 1 && check.thresholds.fall >= 1, "thresholds");
  must(check.port >= 0 && check.port <= 65535, "port of a check");
}

void sound(const ServiceConfig& service) {
  must(common::is_ip_address(service.host) || common::is_host_name(service.host), "host", service.host);
  must(service.port >= 1 && service.port <= 65535, "port");
  must(!service.name.empty() && !service.checks.empty() && !service.reporters.empty(), "name, checks, reporters");
  is_time(service.report_replay);
  for (const auto& check : service.checks) sound(check);
  for (const auto& reporter : service.reporters) {
    const auto* zookeeper = std::get_if<ZookeeperOptions>(&reporter.options);
    if (zookeeper == nullptr) continue;
    must(!zookeeper->hosts.empty() && !has_control(zookeeper->hosts), "hosts", zookeeper->hosts);
    must(zookeeper->path.starts_with('/') && !has_control(zookeeper->path), "path", zookeeper->path);
  }
}

}  // namespace

FUZZ_TARGET(nerve_config) {
  // The files that it may name are none of ours.
  if (bytes.find("asswordfile") != std::string_view::npos || bytes.find("asswordFile") != std::string_view::npos)
    return;
  common::fuzz::Input input(bytes);
  const std::string variable(input.piece());
  const std::string service(input.piece());
  const auto text = input.rest();
  const auto parsed = parse(text, variable, service, false);
  said_in_one_line(parsed.diagnostics.errors);
  said_in_one_line(parsed.diagnostics.warnings);
  must(parsed.shown.empty() || nlohmann::json::accept(parsed.shown), "what is shown is JSON", parsed.shown);
  if (!parsed.diagnostics.ok()) return;
  must(!parsed.config.services.empty() || !parsed.config.services_dir.empty(), "there is a service");
  must(common::is_ip_address(parsed.config.api_host), "where the API listens", parsed.config.api_host);
  for (const auto& each : parsed.config.services) sound(each);
  const auto strict = parse(text, variable, service, true);
  must(strict.fingerprint == parsed.fingerprint, "the same text is the same configuration");
  must(!strict.diagnostics.ok() || strict.config.services == parsed.config.services, "strict changes no value");
}
