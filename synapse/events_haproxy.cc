// The part of Events that is about HAProxy.
#include <boost/algorithm/string/join.hpp>
#include <fmt/core.h>

#include "common/telemetry/log.h"
#include "synapse/events.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

namespace {

const std::string kWanted = "reload wanted ";

}  // namespace

void Events::record_router(const std::string& router, const char* what, const std::string& new_value,
                           const std::string& reason) {
  record(ServiceName("", "haproxy " + router), what, "", "", new_value, reason);
}

void Events::haproxy_attached(const std::string& router, const std::string& version, int pid, bool adopted) {
  over("haproxy " + router);
  record_router(router, "haproxy", "attached",
                fmt::format("HAProxy {} {}, worker {}", version, adopted ? "was running already" : "runs", pid));
  log::info("HAProxy {} {} (worker {}) for {}", version, adopted ? "was running already" : "runs", pid, router);
}

void Events::haproxy_lost(const std::string& router, const std::string& how) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (!news("haproxy " + router, how)) return;
  record_router(router, "haproxy", "lost", how);
  log::error("HAProxy for {} is away: {}", router, how);
}

void Events::haproxy_start_failed(const std::string& router, const std::string& error, long retry_ms) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("haproxy " + router, error)) {
    record_router(router, "haproxy", "not started", error);
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
  record_router(router, "command", "surprise", command + ": " + reply);
  log::warn("{}: HAProxy answers \"{}\" to \"{}\"; reading its state back", router, reply, command);
}

void Events::socket_failed(const std::string& router, const std::string& error) {
  families_->update_failure.Add({{"type", "haproxy_socket"}}).Increment();
  if (!news("socket " + router, error)) return;
  record_router(router, "socket", "failed", error);
  log::warn("{}", error);
}

void Events::socket_replaced(const std::string& router, const std::string& words) {
  families_->update_failure.Add({{"type", "haproxy_socket"}}).Increment();
  record_router(router, "socket", "replaced", words);
  log::warn("{}: {}", router, words);
}

void Events::socket_works(const std::string& router) {
  if (!over("socket " + router)) return;
  record_router(router, "socket", "works", "");
  log::info("HAProxy's runtime socket for {} answers again", router);
}

void Events::reload_wanted(const std::string& router, const std::string& reason, const std::string& words) {
  // Asked for again and again while HAProxy refuses the configuration.
  if (!news(kWanted + router + " " + words, reason)) return;
  record_router(router, "reload", "wanted", reason + ": " + words);
  log::info("{}: a reload is needed, {}: {}", router, reason, words);
}

void Events::reloaded(const std::string& router, const std::vector<std::string>& reasons, int pid, long took_ms) {
  const auto list = boost::algorithm::join(reasons, ", ");
  // By the first reason, so that the sum over the reasons is the number of reloads.
  if (!reasons.empty()) families_->reloads.Add({{"reason", reasons.front()}}).Increment();
  over("reload " + router);
  std::erase_if(troubles_, [&](const auto& trouble) { return trouble.first.starts_with(kWanted + router + " "); });
  record_router(router, "reload", "done", list);
  if (pid == 0) {  // without a socket nobody says so
    log::info("{}: the configuration is handed over after {} ms, because of {}", router, took_ms, list);
  } else {
    log::info("{}: HAProxy loaded the configuration in {} ms (worker {}), because of {}", router, took_ms, pid, list);
  }
}

void Events::reload_failed(const std::string& router, const std::string& error, long retry_ms) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("reload " + router, error)) {
    record_router(router, "reload", "failed", error);
    log::error("{}: reload failed: {}; what ran before goes on, next try in {} ms", router, error, retry_ms);
  }
}

void Events::frontends_resumed(const std::string& router, const std::vector<std::string>& frontends) {
  const auto names = boost::algorithm::join(frontends, ", ");
  record_router(router, "frontends", "resumed", names);
  log::warn(
      "{}: HAProxy came up with frontends that accepted nothing, as it does when a port was taken at first: {}; "
      "they do again",
      router, names);
}

void Events::config_written(const std::string& router, std::size_t bytes) {
  over("refused " + router);
  log::debug("{} written, {} bytes", router, bytes);
}

void Events::config_stands(const std::string& router) {
  over("refused " + router);
}

void Events::config_not_written(const std::string& router, const std::string& error) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (!news("refused " + router, error)) return;
  record_router(router, "config", "not written", error);
  log::error("{}; the old file stands, trying again", error);
}

void Events::config_refused(const std::string& router, const std::string& words) {
  families_->update_failure.Add({{"type", "haproxy"}}).Increment();
  if (news("refused " + router, words)) {
    record_router(router, "config", "refused", words);
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

void Events::router_ended(const std::string& router) {
  if (families_->old_workers.Has({{"router", router}})) {
    families_->old_workers.Remove(&families_->old_workers.Add({{"router", router}}));
  }
  const auto is_its_own = [&](const std::string& subject) {
    for (const std::string what : {"haproxy ", "socket ", "reload ", "refused ", "unchecked "}) {
      if (subject == what + router) return true;
    }
    return subject.starts_with("warning " + router + " ") || subject.starts_with(kWanted + router + " ");
  };
  std::erase_if(troubles_, [&](const auto& trouble) { return is_its_own(trouble.first); });
}

}  // namespace synapse
