#include "nerve/admin/commands.h"

#include <cstdlib>
#include <unistd.h>

#include <fmt/core.h>

#include "common/admin/client.h"
#include "common/admin/json_fields.h"
#include "common/admin/target.h"
#include "common/http/token_file.h"
#include "nerve/admin/status_table.h"
#include "nerve/config_files.h"

namespace nerve {
namespace {

using common::AdminReply;
using common::AdminRequest;
using common::AdminTarget;
using Kind = AdminCommand::Kind;

enum ExitCode { kFine = 0, kNotSo = 1, kUsage = 2, kUnreachable = 3 };

constexpr std::chrono::seconds kDefaultTimeout{10};
constexpr int kDefaultPort = 3454;

struct Access {
  AdminTarget target;
  std::string token_file;
};

common::Result<Access> access_in(const std::string& config_path) {
  const auto parsed = ConfigFiles(config_path, false).load();
  if (!parsed.diagnostics.ok()) {
    return common::fail(parsed.diagnostics.errors.front() + "\nnerve: give --api instead of --config, or mend it");
  }
  const Config& config = parsed.config;
  Access access{.target = {}, .token_file = config.api_token_file};
  auto target = common::configured_admin_target(config.api_socket, config.api_host, config.api_port);
  if (!target) return common::fail(config_path + ": " + target.error().message);
  access.target = *std::move(target);
  return access;
}

common::Result<Access> access_for(const AdminCommand& command) {
  Access access{.target = {.port = kDefaultPort}, .token_file = ""};
  if (!command.config_path.empty()) {
    auto found = access_in(command.config_path);
    if (!found) return found.error();
    access = *std::move(found);
  }
  if (!command.api.empty()) {
    auto target = common::parse_admin_target(command.api, kDefaultPort);
    if (!target) return target.error();
    access.target = *std::move(target);
  }
  if (!command.token_file.empty()) access.token_file = command.token_file;
  return access;
}

// What to say when nothing is to be shown.
std::string confirmation(const AdminCommand& command) {
  switch (command.kind) {
    case Kind::disable:
      return command.service + " is disabled and may be stopped\n";
    case Kind::enable:
      return command.service + (command.force ? " is announced, whatever its checks say\n" : " is enabled\n");
    case Kind::weight:
      return fmt::format("{} has the full weight {}\n", command.service, command.weight);
    case Kind::status:
    case Kind::health:
      break;
  }
  return "";
}

int show(const AdminCommand& command, const AdminReply& reply) {
  const bool available = reply.status == 200;
  if (command.json || command.kind == Kind::health) {
    fmt::print("{}", reply.body);
  } else if (command.kind == Kind::status || command.service.empty()) {
    const bool colours = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    const auto table = status_table(reply.body, colours);
    if (!table) {
      fmt::print(stderr, "nerve: {}; is it nerve that answers there?\n", table.error().message);
      return kUnreachable;
    }
    fmt::print("{}", *table);
  } else {
    fmt::print("{}", confirmation(command));
  }
  if (command.kind == Kind::disable && available && !all_confirmed(reply.body)) {
    fmt::print(stderr, "nerve: not every reporter has confirmed it; consumers may still come\n");
    return kNotSo;
  }
  return available ? kFine : kNotSo;
}

int refuse(const AdminReply& reply) {
  const std::string words = common::error_in(reply.body);
  if (reply.status == 401) {
    fmt::print(stderr, "nerve: the token is missing or wrong; give --token-file, or --config with apiTokenFile\n");
  } else if (!words.empty()) {
    fmt::print(stderr, "nerve: {}{}\n", words, reply.status == 404 ? "; nerve status lists what there is" : "");
  } else {
    fmt::print(stderr, "nerve: unexpected answer, HTTP status {}; is it nerve that answers there?\n", reply.status);
    return kUnreachable;
  }
  return kNotSo;
}

}  // namespace

AdminRoute route_of(const AdminCommand& command) {
  const std::string service = command.service.empty() ? "" : "/services/" + common::percent_encode(command.service);
  switch (command.kind) {
    case Kind::status:
      return {"GET", service + "/status"};
    case Kind::health:
      return {"GET", "/health"};
    case Kind::disable:
      return {"PUT", service + "/disable" + (command.shutdown ? "?shutdown=true" : "")};
    case Kind::enable:
      return {"PUT", service + "/enable" + (command.force ? "?force=true" : "")};
    case Kind::weight:
      return {"PUT", service + "/weight/" + std::to_string(command.weight)};
  }
  return {};
}

int run_admin_command(const AdminCommand& command) {
  const auto access = access_for(command);
  if (!access) {
    fmt::print(stderr, "nerve: {}\n", access.error().message);
    return kUsage;
  }
  const auto route = route_of(command);
  AdminRequest request{
      .program = "nerve", .method = route.method, .path = route.path, .token = "", .timeout = command.timeout};
  const bool only_asks = command.kind == Kind::status || command.kind == Kind::health;
  if (!only_asks && !access->token_file.empty()) {
    auto token = common::http::read_token_file(access->token_file);
    if (!token) {
      fmt::print(stderr, "nerve: {}\n", token.error().message);
      return kUsage;
    }
    request.token = *std::move(token);
  }
  if (!request.timeout && command.kind != Kind::disable) request.timeout = kDefaultTimeout;
  const AdminReply reply = common::ask_admin(access->target, request);
  switch (reply.how) {
    case AdminReply::How::answered:
      break;
    case AdminReply::How::unreachable:
      fmt::print(stderr, "nerve: {}; does nerve run? --api or --config say where\n", reply.error);
      return kUnreachable;
    case AdminReply::How::timed_out:
      fmt::print(stderr, "nerve: {}{}\n", reply.error,
                 command.kind == Kind::disable ? "; the disabling goes on, ask again to wait for its end" : "");
      return command.kind == Kind::disable ? kNotSo : kUnreachable;
  }
  const bool shown = reply.status == 200 || (only_asks && reply.status == 503);
  return shown ? show(command, reply) : refuse(reply);
}

}  // namespace nerve
