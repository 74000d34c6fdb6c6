#include "synapse/admin/commands.h"

#include <chrono>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include <fmt/core.h>

#include "common/admin/client.h"
#include "common/admin/json_fields.h"
#include "common/admin/target.h"
#include "synapse/admin/tables.h"
#include "synapse/config_files.h"

namespace synapse {
namespace {

using common::AdminReply;
using common::AdminRequest;
using common::AdminTarget;
using Kind = AdminCommand::Kind;

enum ExitCode { kFine = 0, kNotSo = 1, kUsage = 2, kUnreachable = 3 };

constexpr int kDefaultPort = 3455;
constexpr std::chrono::seconds kDefaultTimeout{10};

common::Result<AdminTarget> target_in(const std::string& config_path) {
  const auto parsed = ConfigFiles(config_path, false).load();
  if (!parsed.config) {
    return common::fail(parsed.diagnostics.errors.front() + "\nsynapse: give --api instead of --config, or mend it");
  }
  const auto& config = *parsed.config;
  auto target = common::configured_admin_target(config.api_socket, config.api_host, config.api_port);
  if (!target) return common::fail(config_path + ": " + target.error().message);
  return target;
}

common::Result<AdminTarget> target_of(const AdminCommand& command) {
  if (!command.api.empty()) return common::parse_admin_target(command.api, kDefaultPort);
  if (!command.config_path.empty()) return target_in(command.config_path);
  return AdminTarget{.port = kDefaultPort};
}

common::Result<Shown> shown(const AdminCommand& command, const std::string& body) {
  const bool colours = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  switch (command.kind) {
    case Kind::status:
      return command.service.empty() ? services_table(body, colours) : servers_table(body, colours);
    case Kind::explain:
      return explained(body);
    case Kind::diff:
    case Kind::health:
    case Kind::ready:
      break;
  }
  return differences_table(body);
}

int show(const AdminCommand& command, const std::string& body) {
  const auto result = shown(command, body);
  if (!result) {
    fmt::print(stderr, "synapse: {}; is it synapse that answers there?\n", result.error().message);
    return kUnreachable;
  }
  fmt::print("{}", command.json ? body : result->text);
  return result->good ? kFine : kNotSo;
}

bool is_probe(const AdminCommand& command) {
  return command.kind == Kind::health || command.kind == Kind::ready;
}

int refuse(const AdminReply& reply) {
  const std::string words = common::error_in(reply.body);
  if (words.empty()) {
    fmt::print(stderr, "synapse: unexpected answer, HTTP status {}; is it synapse that answers there?\n", reply.status);
    return kUnreachable;
  }
  fmt::print(stderr, "synapse: {}{}\n", words, reply.status == 404 ? "; synapse status lists what there is" : "");
  return kNotSo;
}

}  // namespace

std::string path_of(const AdminCommand& command) {
  const auto service = common::percent_encode(command.service);
  switch (command.kind) {
    case Kind::status:
      return command.service.empty() ? "/services?servers=false" : "/services?service=" + service;
    case Kind::explain:
      return "/explain/" + service + "/" + common::percent_encode(command.server);
    case Kind::health:
      return "/health";
    case Kind::ready:
      return "/ready?verbose";
    case Kind::diff:
      break;
  }
  return "/diff";
}

int run_admin_command(const AdminCommand& command) {
  const auto target = target_of(command);
  if (!target) {
    fmt::print(stderr, "synapse: {}\n", target.error().message);
    return kUsage;
  }
  const AdminReply reply = common::ask_admin(*target, {.program = "synapse",
                                                       .method = "GET",
                                                       .path = path_of(command),
                                                       .token = "",
                                                       .timeout = command.timeout.value_or(kDefaultTimeout)});
  if (reply.how != AdminReply::How::answered) {
    fmt::print(stderr, "synapse: {}{}\n", reply.error,
               reply.how == AdminReply::How::unreachable ? "; does synapse run? --api or --config say where" : "");
    return kUnreachable;
  }
  if (is_probe(command) && (reply.status == 200 || reply.status == 503)) {
    fmt::print("{}", reply.body);
    return reply.status == 200 ? kFine : kNotSo;
  }
  return reply.status == 200 ? show(command, reply.body) : refuse(reply);
}

}  // namespace synapse
