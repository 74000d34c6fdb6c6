#include "common/reload/config_events.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace common {
namespace {

constexpr std::size_t kMostNames = 10;

prometheus::Gauge& gauge(Metrics& metrics, const std::string& name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

// "2 added (a, b), "; nothing when there are none.
std::string listed(const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNames) list += ", ...";
  return std::to_string(names.size()) + " " + what + " (" + list + "), ";
}

}  // namespace

ConfigEvents::ConfigEvents(const std::string& program, Metrics& metrics)
    : last_successful_(gauge(metrics, program + "_config_last_reload_successful",
                             "1 when the configuration was good when it was read last, else 0")),
      last_success_(gauge(metrics, program + "_config_last_reload_success_timestamp_seconds",
                          "When a good configuration was read last, in seconds since 1970")) {
  succeeded();
}

void ConfigEvents::loaded(const std::vector<std::string>& warnings, const ConfigDifference& difference) {
  for (const auto& warning : warnings) log::warn("{}", warning);
  log::info("configuration loaded: {}{}{}{} service(s) unchanged", listed("added", difference.added),
            listed("changed", difference.changed), listed("removed", difference.removed), difference.unchanged);
  succeeded();
}

void ConfigEvents::unchanged(const std::string& why) {
  log::info("{}: the configuration is what runs already", why);
  succeeded();
}

void ConfigEvents::refused(const std::string& why, const Diagnostics& diagnostics) {
  for (const auto& error : diagnostics.errors) log::error("{}", error);
  log::error("{}: the new configuration is refused, {} error(s); the one that runs stays in force", why,
             diagnostics.errors.size());
  last_successful_.Set(0);
}

void ConfigEvents::watched(const Result<void>& result) {
  if (result) {
    watch_error_.over();
  } else if (watch_error_.failed()) {
    log::warn("{}; send SIGHUP after a change of the configuration", result.error().message);
  }
}

void ConfigEvents::succeeded() {
  last_successful_.Set(1);
  last_success_.SetToCurrentTime();
}

}  // namespace common
