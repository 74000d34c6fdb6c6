#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "common/digits.h"
#include "common/registration/validate.h"
#include "common/trimmed.h"
#include "synapse/haproxy/runtime_codec.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

// Warnings may stand before the verdict.
std::string_view last_line(std::string_view text) {
  auto end = text.rfind('\n');
  return end == std::string_view::npos ? text : common::trimmed(text.substr(end + 1));
}

Judgement judgement(Verdict verdict, std::string_view reply) {
  constexpr std::size_t kLength = 300;
  const auto words = one_line(reply.substr(0, kLength));
  return {verdict, words.empty() ? "no answer" : words};
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> candidates) {
  return std::find(candidates.begin(), candidates.end(), text) != candidates.end();
}

// These say that the state is not what we thought, or that we may not do it: trying the same again is of no use, and
// neither is a reload.
bool says_other_state(std::string_view reply) {
  return reply.empty() || is_one_of(reply, {"No such backend.", "No such server.", "Permission denied",
                                            "Already exists a server with the same name in backend."});
}

Judgement judge_addition(std::string_view reply) {
  if (last_line(reply) == "New server registered.") return {Verdict::ok, ""};
  return judgement(says_other_state(reply) ? Verdict::surprise : Verdict::refused, reply);
}

Judgement judge_deletion(std::string_view reply) {
  if (reply == "Server deleted.") return {Verdict::ok, ""};
  bool busy = is_one_of(
      reply, {"Server still has connections attached to it, cannot remove it.",
              "This server cannot be removed at runtime due to other configuration elements pointing to it."});
  return judgement(busy ? Verdict::busy : Verdict::surprise, reply);
}

// "IP changed from '127.0.0.1' to '::1', no need to change the port by 'stats socket command'" and its kin; 3.0 leaves
// out the part that did not change.
Judgement judge_address(std::string_view reply) {
  static constexpr std::array<std::string_view, 5> kParts = {"IP changed from '", "port changed from '",
                                                             "no need to change the addr", "no need to change the port",
                                                             "nothing changed"};
  auto rest = reply;
  while (!rest.empty()) {
    auto end = std::min(rest.find(", "), rest.size());
    auto part = rest.substr(0, end);
    if (std::none_of(kParts.begin(), kParts.end(), [&](auto known) { return part.starts_with(known); })) break;
    rest.remove_prefix(std::min(end + 2, rest.size()));
    if (rest.empty()) return {Verdict::ok, ""};
  }
  return judgement(Verdict::surprise, reply);
}

ObservedServer added(const Command& command) {
  ObservedServer server;
  server.name = command.server.name;
  server.address = command.server.address;
  server.port = command.server.port;
  server.weight = command.server.weight;
  server.initial_weight = command.server.weight;
  server.forced_maintenance = true;
  server.unverified = command.verifies;
  server.check_configured = command.has_check;
  server.agent_configured = command.has_agent;
  server.options = command.server.options;
  return server;
}

// A state that we command ends every earlier one.
void out_of_service(ObservedServer& server, bool maintenance, bool drain) {
  server.checks_rest = maintenance && server.check_configured;
  server.forced_maintenance = maintenance;
  server.forced_drain = drain;
  server.unverified = false;
  server.draining = false;
  server.drains_until.reset();
  server.by_hand = ByHand::nothing;
}

void apply_drain(const Command& command, ObservedServer& server) {
  const auto by_hand = server.by_hand;
  server.up = server.up || server.forced_maintenance;
  out_of_service(server, false, true);
  server.unverified = command.verifies;
  server.draining = command.until.has_value();
  server.drains_until = command.until;
  // Sent to keep up what a person asked for.
  if (!command.verifies && !command.until) server.by_hand = by_hand;
}

void apply(const Command& command, ObservedBackend& backend) {
  if (command.kind == CommandKind::add_server) {
    backend.servers.push_back(added(command));
    return;
  }
  if (command.kind == CommandKind::delete_server) {
    std::erase_if(backend.servers, [&](const ObservedServer& server) { return server.name == command.server.name; });
    return;
  }
  auto* server = backend.find(command.server.name);
  if (server == nullptr) return;
  switch (command.kind) {
    case CommandKind::set_ready: {
      const bool verified = server->unverified && server->check_passed && server->check_health > 0;
      server->up = server->up || server->forced_maintenance || verified;
      out_of_service(*server, false, false);
      break;
    }
    case CommandKind::set_maintenance:
      server->up = false;
      out_of_service(*server, true, false);
      break;
    case CommandKind::set_drain:
      apply_drain(command, *server);
      break;
    case CommandKind::set_weight:
      server->weight = command.server.weight;
      server->weight_to_restore.reset();
      break;
    case CommandKind::set_address:
      server->address = command.server.address;
      server->port = command.server.port;
      break;
    case CommandKind::enable_health:
      server->check_enabled = true;
      break;
    case CommandKind::enable_agent:
      server->agent_enabled = true;
      break;
    case CommandKind::health_up:
      server->up = true;
      break;
    case CommandKind::health_down:
      server->up = false;
      server->check_health = 0;
      break;
    case CommandKind::add_server:
    case CommandKind::delete_server:
    case CommandKind::enable_dynamic_cookie:
      break;
  }
}

std::optional<std::string_view> value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = common::trimmed(text.substr(0, end));
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ':') {
      return common::trimmed(line.substr(key.size() + 1));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

std::optional<long> number_of(std::string_view text, std::string_view key) {
  auto value = value_of(text, key);
  return value ? common::number_in<long>(*value) : std::nullopt;
}

}  // namespace

Judgement judge(const Command& command, std::string_view reply) {
  reply = common::trimmed(reply);
  switch (command.kind) {
    case CommandKind::add_server:
      return judge_addition(reply);
    case CommandKind::delete_server:
      return judge_deletion(reply);
    case CommandKind::set_address:
      return judge_address(reply);
    case CommandKind::set_ready:
    case CommandKind::set_maintenance:
    case CommandKind::set_drain:
    case CommandKind::set_weight:
    case CommandKind::enable_health:
    case CommandKind::enable_agent:
    case CommandKind::health_up:
    case CommandKind::health_down:
    case CommandKind::enable_dynamic_cookie:
      break;
  }
  if (reply.empty()) return {Verdict::ok, ""};
  return judgement(Verdict::surprise, reply);
}

void note_sent(const Command& command, ObservedBackend& backend) {
  if (auto* server = backend.find(command.server.name)) ++server->unanswered;
}

Judgement acknowledge(const Command& command, std::string_view reply, ObservedBackend& backend) {
  auto result = judge(command, reply);
  auto* server = backend.find(command.server.name);
  if (server != nullptr && result.verdict != Verdict::surprise && server->unanswered > 0) --server->unanswered;
  if (result.verdict == Verdict::ok) apply(command, backend);
  if (result.verdict == Verdict::busy && server != nullptr) server->removal_refused = true;
  if (result.verdict == Verdict::refused) backend.refused.insert(command.server.name);
  // In a replacement whose deletion was refused a moment ago: known, and the next plan is another one.
  if (command.kind == CommandKind::add_server && result.verdict == Verdict::surprise && server != nullptr &&
      server->removal_refused && result.words.starts_with("Already exists")) {
    result.verdict = Verdict::refused;
  }
  return result;
}

common::Result<ProcessInfo> parse_info(std::string_view reply) {
  ProcessInfo info;
  auto version = value_of(reply, "Version");
  auto pid = number_of(reply, "Pid");
  auto uptime = number_of(reply, "Uptime_sec");
  if (!version || version->empty()) return common::fail("'show info' has no Version");
  if (!pid || *pid <= 0 || *pid > std::numeric_limits<int>::max()) return common::fail("'show info' has no Pid");
  if (!uptime) return common::fail("'show info' has no Uptime_sec");
  constexpr std::size_t kLongestVersion = 100;
  info.version = one_line(version->substr(0, kLongestVersion));
  info.pid = static_cast<int>(*pid);
  info.uptime_seconds = *uptime;
  info.stopping = number_of(reply, "Stopping").value_or(0) != 0;
  return info;
}

std::optional<std::size_t> count_old_workers(std::string_view reply) {
  if (!reply.starts_with("#<PID>")) return std::nullopt;
  std::size_t count = 0;
  bool old = false;
  while (!reply.empty()) {
    const auto end = std::min(reply.find('\n'), reply.size());
    const auto line = common::trimmed(reply.substr(0, end));
    reply.remove_prefix(std::min(end + 1, reply.size()));
    if (line.starts_with('#')) {
      old = line == "# old workers";
    } else if (old && !line.empty()) {
      ++count;
    }
  }
  return count;
}

std::optional<std::string> parse_env(std::string_view reply, std::string_view name) {
  auto text = common::trimmed(reply);
  if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != '=') return std::nullopt;
  auto value = text.substr(name.size() + 1);
  if (value.find('\n') != std::string_view::npos) return std::nullopt;
  return std::string(value);
}

}  // namespace synapse::haproxy
