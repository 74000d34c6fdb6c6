// The part of Events that is about servers that do not follow the registry at once: held against it, held by hand, kept
// as tombstones.
#include <fmt/core.h>

#include "common/telemetry/log.h"
#include "synapse/events.h"
#include "synapse/events_families.h"

namespace synapse {

namespace log = common::log;

void Events::servers_held(const ServiceName& name, std::size_t vanished, std::size_t of, std::size_t held) {
  if (!news(subject("held", name), "held")) return;
  record(name, "held", "", "false", "true", fmt::format("{} of {} servers have vanished", vanished, of));
  log::warn("{}: {} of {} servers have vanished from the registry; {} stay for as long as HAProxy finds them alive",
            name.service, vanished, of, held);
}

void Events::server_let_go(const ServiceName& name, const std::string& server, const std::string& why) {
  record(name, "held", server, "true", "false", why);
  log::warn("{}: {} vanished from the registry and is held no longer: {}", name.service, server, why);
}

void Events::held_servers(const ServiceName& name, std::size_t count) {
  auto& state = service(name);
  set(state.held, families_->held, state, static_cast<double>(count));
  if (count != 0 || !over(subject("held", name))) return;
  record(name, "held", "", "true", "false", "");
  log::info("{}: no server is held any more", name.service);
}

void Events::holds_no_servers(const ServiceName& name) {
  auto& state = service(name);
  if (state.held == nullptr) return;
  held_servers(name, 0);
  families_->held.Remove(state.held);
  state.held = nullptr;
}

void Events::server_held_by_hand(const ServiceName& name, const std::string& server, const std::string& mode) {
  record(name, "by hand", server, "", mode, "");
  log::warn("{}: {} is in {} by hand, and stays there until \"set server ... state ready\"", name.service, server,
            mode);
}

void Events::server_released(const ServiceName& name, const std::string& server) {
  record(name, "by hand", server, "", "ready", "");
  log::info("{}: {} is no longer held by hand", name.service, server);
}

void Events::servers_held_by_hand(const ServiceName& name, std::size_t count) {
  auto& state = service(name);
  set(state.by_hand, families_->by_hand, state, static_cast<double>(count));
}

void Events::tombstones(const ServiceName& name, std::size_t count) {
  auto& state = service(name);
  set(state.tombstones, families_->tombstones, state, static_cast<double>(count));
}

void Events::old_workers(const std::string& router, std::size_t count) {
  families_->old_workers.Add({{"router", router}}).Set(static_cast<double>(count));
}

}  // namespace synapse
