#include "synapse/events.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "common/telemetry/log.h"

namespace synapse {

namespace log = common::log;

namespace {

// The trouble of a record is remembered per child; a registry full of garbage must not fill the memory.
constexpr std::size_t kMaxTroubles = 10'000;
const std::string kWanted = "reload wanted ";

prometheus::Family<prometheus::Gauge>& gauge(common::Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry());
}

prometheus::Family<prometheus::Counter>& counter(common::Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry());
}

}  // namespace

struct Events::Families {
  explicit Families(common::Metrics& metrics)
      : available(gauge(metrics, "synapse_service_available_count", "Servers of the service that take traffic")),
        unavailable(gauge(metrics, "synapse_service_unavailable_count", "Servers of the service that are disabled")),
        stale(gauge(metrics, "synapse_service_stale", "1 while the servers are those of an earlier run, else 0")),
        update_failure(gauge(metrics, "synapse_router_update_failure", "Failed updates of a router, by what failed")),
        watcher_failure(gauge(metrics, "synapse_watcher_failure", "Failed reads of a service's source")),
        registry_age(gauge(metrics, "synapse_registry_age_seconds",
                           "Seconds since the source of the service last confirmed what is known")),
        left_out(counter(metrics, "synapse_record_rejected_total", "Records that were left out, by service")),
        reloads(counter(metrics, "synapse_haproxy_reload_total", "HAProxy reloads and starts, by reason")),
        commands(counter(metrics, "synapse_haproxy_command_total", "Runtime commands, by HAProxy's verdict")) {}

  prometheus::Family<prometheus::Gauge>& available;
  prometheus::Family<prometheus::Gauge>& unavailable;
  prometheus::Family<prometheus::Gauge>& stale;
  prometheus::Family<prometheus::Gauge>& update_failure;
  prometheus::Family<prometheus::Gauge>& watcher_failure;
  prometheus::Family<prometheus::Gauge>& registry_age;
  prometheus::Family<prometheus::Counter>& left_out;
  prometheus::Family<prometheus::Counter>& reloads;
  prometheus::Family<prometheus::Counter>& commands;
};

Events::Events(common::Metrics& metrics) : families_(std::make_unique<Families>(metrics)) {
  // Present from the start, so that a rate() over them has a beginning.
  for (const char* type : {"haproxy", "haproxy_socket", "template", "file"}) {
    families_->update_failure.Add({{"type", type}});
  }
  for (const char* result : {"ok", "refused", "surprise"}) families_->commands.Add({{"result", result}});
}

Events::~Events() = default;

bool Events::news(const std::string& subject, const std::string& words) {
  if (troubles_.size() >= kMaxTroubles && !troubles_.contains(subject)) return false;
  auto& said = troubles_[subject];
  if (said == words) return false;
  said = words;
  return true;
}

bool Events::over(const std::string& subject) {
  return troubles_.erase(subject) != 0;
}

void Events::servers_found(const std::string& service, int available, int unavailable) {
  families_->available.Add({{"service", service}}).Set(available);
  families_->unavailable.Add({{"service", service}}).Set(unavailable);
  families_->stale.Add({{"service", service}}).Set(0);
  if (available > 0) over("empty " + service);
  if (!news("counts " + service, fmt::format("{} {}", available, unavailable))) return;
  log::info("{}: {} servers available, {} unavailable", service, available, unavailable);
}

void Events::servers_kept(const std::string& service) {
  if (news("empty " + service, "empty")) {
    log::warn("{}: every server has vanished from the registry; the last ones stay in service", service);
  }
}

void Events::servers_restored(const std::string& service, std::size_t servers, const std::string& saved_at) {
  families_->stale.Add({{"service", service}}).Set(1);
  log::info("{}: {} servers as they were at {}, until the source says more", service, servers, saved_at);
}

void Events::state_not_read(const std::string& why) {
  log::warn("statePath: {}; starting without it", why);
}

void Events::state_not_written(const std::string& why) {
  if (news("state", why))
    log::warn("statePath: {}; a start without the registry will not have the latest servers", why);
}

void Events::state_written() {
  if (over("state")) log::info("statePath can be written again");
}

void Events::service_removed(const std::string& service) {
  families_->available.Remove(&families_->available.Add({{"service", service}}));
  families_->stale.Remove(&families_->stale.Add({{"service", service}}));
  families_->unavailable.Remove(&families_->unavailable.Add({{"service", service}}));
  families_->registry_age.Remove(&families_->registry_age.Add({{"service", service}}));
  std::erase_if(troubles_, [&](const auto& trouble) {
    return trouble.first == "counts " + service || trouble.first == "empty " + service ||
           trouble.first == "watcher " + service || trouble.first.starts_with("record " + service + " ");
  });
}

void Events::servers_defaulted(const std::string& service) {
  if (news("empty " + service, "defaulted")) {
    log::warn("{}: no server is available; the default servers serve", service);
  }
}

void Events::record_left_out(const std::string& service, const std::string& record, const std::string& reason) {
  if (!news("record " + service + " " + record, reason)) return;
  families_->left_out.Add({{"service", service}}).Increment();
  log::warn("{}: {} is left out: {}", service, record, reason);
}

void Events::record_accepted(const std::string& service, const std::string& record) {
  if (troubles_.empty()) return;
  if (over("record " + service + " " + record)) log::info("{}: record {} is in order again", service, record);
}

void Events::watcher_failed(const std::string& service, const std::string& type, const std::string& error) {
  families_->watcher_failure.Add({{"service", service}, {"type", type}}).Increment();
  if (news("watcher " + service, error)) log::warn("{}: {}; the last state stays in force", service, error);
}

void Events::watcher_recovered(const std::string& service) {
  if (over("watcher " + service)) log::info("{}: its source answers again", service);
}

void Events::registry_age(const std::string& service, std::chrono::steady_clock::duration age) {
  families_->registry_age.Add({{"service", service}}).Set(std::chrono::duration<double>(age).count());
}

void Events::host_not_resolved(const std::string& host, const std::string& error) {
  if (news("host " + host, error)) log::warn("{}; its last address, if any, stays in use", error);
}

void Events::host_resolved(const std::string& host, const std::string& address) {
  over("host " + host);
  log::info("{} resolves to {}", host, address);
}

void Events::haproxy_attached(const std::string& router, const std::string& version, int pid, bool adopted) {
  over("haproxy " + router);
  log::info("HAProxy {} {} (worker {}) for {}", version, adopted ? "was running already" : "runs", pid, router);
}

void Events::haproxy_lost(const std::string& router, const std::string& how) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("haproxy " + router, how)) log::error("HAProxy for {} is away: {}", router, how);
}

void Events::haproxy_start_failed(const std::string& router, const std::string& error, long retry_ms) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("haproxy " + router, error)) {
    log::error("HAProxy for {} does not come up: {}; next try in {} ms", router, error, retry_ms);
  }
}

void Events::commands_sent(const std::string& router, std::size_t ok, std::size_t refused) {
  families_->commands.Add({{"result", "ok"}}).Increment(static_cast<double>(ok));
  families_->commands.Add({{"result", "refused"}}).Increment(static_cast<double>(refused));
  log::debug("{}: {} runtime commands acknowledged, {} refused", router, ok, refused);
}

void Events::command_surprised(const std::string& router, const std::string& command, const std::string& reply) {
  families_->commands.Add({{"result", "surprise"}}).Increment();
  log::warn("{}: HAProxy answers \"{}\" to \"{}\"; reading its state back", router, reply, command);
}

void Events::socket_failed(const std::string& router, const std::string& error) {
  families_->update_failure.Add({{"type", "haproxy_socket"}}).Increment();
  if (news("socket " + router, error)) log::warn("{}", error);
}

void Events::socket_replaced(const std::string& router, const std::string& words) {
  families_->update_failure.Add({{"type", "haproxy_socket"}}).Increment();
  log::warn("{}: {}", router, words);
}

void Events::socket_works(const std::string& router) {
  if (over("socket " + router)) log::info("HAProxy's runtime socket for {} answers again", router);
}

void Events::reload_wanted(const std::string& router, const std::string& reason, const std::string& words) {
  // Asked for again and again while HAProxy refuses the configuration.
  if (news(kWanted + router + " " + words, reason)) log::info("{}: a reload is needed, {}: {}", router, reason, words);
}

void Events::reloaded(const std::string& router, const std::vector<std::string>& reasons, int pid, long took_ms) {
  std::string list;
  // By the first reason, so that the sum over the reasons is the number of reloads.
  if (!reasons.empty()) families_->reloads.Add({{"reason", reasons.front()}}).Increment();
  for (const auto& reason : reasons) {
    list += (list.empty() ? "" : ", ") + reason;
  }
  over("reload " + router);
  std::erase_if(troubles_, [&](const auto& trouble) { return trouble.first.starts_with(kWanted + router + " "); });
  if (pid == 0) {  // without a socket nobody says so
    log::info("{}: the configuration is handed over after {} ms, because of {}", router, took_ms, list);
  } else {
    log::info("{}: HAProxy loaded the configuration in {} ms (worker {}), because of {}", router, took_ms, pid, list);
  }
}

void Events::reload_failed(const std::string& router, const std::string& error, long retry_ms) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("reload " + router, error)) {
    log::error("{}: reload failed: {}; what ran before goes on, next try in {} ms", router, error, retry_ms);
  }
}

void Events::config_written(const std::string& router, std::size_t bytes) {
  over("refused " + router);
  log::debug("{} written, {} bytes", router, bytes);
}

void Events::config_not_written(const std::string& router, const std::string& error) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("refused " + router, error)) log::error("{}; the old file stands, trying again", error);
}

void Events::config_refused(const std::string& router, const std::string& words) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("refused " + router, words)) {
    log::error(
        "HAProxy refuses the new configuration, kept as {}.rejected; what runs, if any does, goes on. It says:\n{}",
        router, words);
  }
}

void Events::config_unchecked(const std::string& router, const std::string& why) {
  if (news("unchecked " + router, why)) log::warn("{} cannot be checked before it is used: {}", router, why);
}

void Events::config_warning(const std::string& router, const std::string& words) {
  if (news("warning " + router + " " + words, words)) log::warn("{}: {}", router, words);
}

void Events::output_written(const std::string& path, std::size_t bytes) {
  log::debug("{} written, {} bytes", path, bytes);
}

void Events::output_failed(const std::string& type, const std::string& what, const std::string& error) {
  families_->update_failure.Add({{"type", type}}).Increment();
  if (news("output " + what, error)) log::error("{} is not up to date: {}; trying again", what, error);
}

void Events::output_works(const std::string& what) {
  if (over("output " + what)) log::info("{} is up to date again", what);
}

void Events::output_removed(const std::string& path) {
  log::info("{} removed: its service is gone", path);
}

}  // namespace synapse
