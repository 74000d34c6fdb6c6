#include "synapse/haproxy/runtime_codec.h"

#include <utility>

#include <fmt/core.h>

#include "common/registration/validate.h"
#include "synapse/haproxy/words.h"

namespace synapse::haproxy {

namespace {

Command command(CommandKind kind, const std::string& backend, const std::string& server, std::string text) {
  Command command;
  command.kind = kind;
  command.text = std::move(text);
  command.backend = backend;
  command.server.name = server;
  return command;
}

}  // namespace

common::Result<Command> add_server(const std::string& backend, const ServerSpec& server, const Addition& addition) {
  auto text =
      fmt::format("add server {}/{} {} weight {}", backend, server.name, written_address(server), server.weight);
  for (const auto& value : addition.words) {
    auto word = command_word(value);
    if (!word) return common::fail(common::quote_for_log(value) + " cannot be written on the runtime socket");
    text += " " + *word;
  }
  constexpr std::size_t kFixedWords = 6;  // add server <backend>/<name> <address> weight <weight>
  if (kFixedWords + addition.words.size() > kMaxCommandWords || text.size() > kMaxCommandBytes) {
    return common::fail(fmt::format("{} words and {} bytes are too much for a runtime command",
                                    kFixedWords + addition.words.size(), text.size()));
  }
  auto added = command(CommandKind::add_server, backend, server.name, std::move(text));
  added.server = server;
  // Whether it has checks to be enabled is asked of the words: `default-server` may have brought them.
  added.has_check = addition.check;
  added.has_agent = addition.agent_check;
  return added;
}

Command set_ready(const std::string& backend, const std::string& server) {
  return command(CommandKind::set_ready, backend, server, fmt::format("set server {}/{} state ready", backend, server));
}

Command set_maintenance(const std::string& backend, const std::string& server) {
  return command(CommandKind::set_maintenance, backend, server,
                 fmt::format("set server {}/{} state maint", backend, server));
}

Command set_drain(const std::string& backend, const std::string& server) {
  return command(CommandKind::set_drain, backend, server, fmt::format("set server {}/{} state drain", backend, server));
}

Command set_weight(const std::string& backend, const std::string& server, int weight) {
  auto set = command(CommandKind::set_weight, backend, server,
                     fmt::format("set server {}/{} weight {}", backend, server, weight));
  set.server.weight = weight;
  return set;
}

Command set_address(const std::string& backend, const std::string& server, const std::string& address, int port) {
  auto set = command(CommandKind::set_address, backend, server,
                     fmt::format("set server {}/{} addr {} port {}", backend, server, address, port));
  set.server.address = address;
  set.server.port = port;
  return set;
}

Command enable_health(const std::string& backend, const std::string& server) {
  return command(CommandKind::enable_health, backend, server, fmt::format("enable health {}/{}", backend, server));
}

Command enable_agent(const std::string& backend, const std::string& server) {
  return command(CommandKind::enable_agent, backend, server, fmt::format("enable agent {}/{}", backend, server));
}

Command health_up(const std::string& backend, const std::string& server) {
  return command(CommandKind::health_up, backend, server, fmt::format("set server {}/{} health up", backend, server));
}

Command health_down(const std::string& backend, const std::string& server) {
  return command(CommandKind::health_down, backend, server,
                 fmt::format("set server {}/{} health down", backend, server));
}

Command enable_dynamic_cookie(const std::string& backend) {
  return command(CommandKind::enable_dynamic_cookie, backend, "",
                 fmt::format("enable dynamic-cookie backend {}", backend));
}

Command delete_server(const std::string& backend, const std::string& server) {
  return command(CommandKind::delete_server, backend, server, fmt::format("del server {}/{}", backend, server));
}

bool ReplyReader::feed(std::string_view bytes) {
  buffer_.append(bytes);
  return buffer_.size() <= max_bytes_ || buffer_.find("\n> ", scanned_) != std::string::npos;
}

std::optional<std::string> ReplyReader::next() {
  // A prompt stands at the beginning of a line; no reply to our commands has such a line.
  static constexpr std::string_view kPrompt = "\n> ";
  auto end = buffer_.find(kPrompt, scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size() < kPrompt.size() ? 0 : buffer_.size() - kPrompt.size() + 1;
    return std::nullopt;
  }
  auto reply = buffer_.substr(0, end + 1);
  buffer_.erase(0, end + kPrompt.size());
  scanned_ = 0;
  return reply;
}

}  // namespace synapse::haproxy
