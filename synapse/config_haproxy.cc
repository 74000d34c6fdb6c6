#include <algorithm>
#include <optional>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "common/config/nearest.h"
#include "synapse/config_parts.h"
#include "synapse/haproxy/words.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

constexpr std::string_view kSocketName = "/haproxy.sock";
// HAProxy takes 97 characters for a unix socket.
constexpr std::size_t kMaxRuntimeDir = 97 - kSocketName.size();

std::vector<std::string> read_command(ObjectReader& object, std::string_view key) {
  auto words = read_lines(object, key);
  if (!words.empty() && words.front().empty()) object.error(key, "must begin with a program");
  return words;
}

HaproxyRouterConfig::Sections read_sections(ObjectReader& object, std::string_view key) {
  HaproxyRouterConfig::Sections sections;
  const auto value = object.find(key);
  if (!value) return sections;
  for (const auto& [name, lines] : value->members()) {
    const auto words = haproxy::split_words(name);
    if (haproxy::one_line(name) != name || !words || words->empty()) lines.error("is no name for a section");
    sections[name] = read_lines(lines);
  }
  return sections;
}

// What stands in a file beside the sections that have a key of their own.
const std::vector<std::string> kExtraSections{"userlist", "resolvers",   "peers",    "cache",     "mailers",
                                              "ring",     "http-errors", "fcgi-app", "crt-store", "log-forward",
                                              "program",  "log-profile", "traces",   "acme"};
const std::vector<std::string> kOwnSections{"global", "defaults", "listen", "frontend", "backend"};

bool is_one_of(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// {"userlist admins": [line...]}
HaproxyRouterConfig::Sections read_extra_sections(ObjectReader& object) {
  HaproxyRouterConfig::Sections sections;
  const auto value = object.find("extraSections");
  if (!value) return sections;
  for (const auto& [header, lines] : value->members()) {
    const auto words = haproxy::split_words(header);
    if (haproxy::one_line(header) != header || !words || words->empty()) {
      lines.error("is no header of a section");
      continue;
    }
    const auto& keyword = words->front();
    if (is_one_of(keyword, kOwnSections)) {
      lines.error("has a key of its own: " + keyword);
    } else if (!is_one_of(keyword, kExtraSections)) {
      const auto near = common::nearest(keyword, kExtraSections);
      lines.warn("is no section that is known here" + (near ? "; did you mean \"" + *near + "\"?" : std::string()));
    }
    const auto [section, fresh] = sections.emplace(boost::algorithm::join(*words, " "), read_lines(lines));
    if (!fresh) lines.error("is there twice");
  }
  return sections;
}

std::vector<std::string> read_shared_frontend(ObjectReader& object) {
  auto lines = read_lines(object, "sharedFrontend");
  const auto binds = [](const std::string& line) {
    const auto words = haproxy::split_words(line);
    return words && words->size() > 1 && words->front() == "bind";
  };
  if (!lines.empty() && std::none_of(lines.begin(), lines.end(), binds)) {
    object.error("sharedFrontend", "needs a line that says what it binds, such as \"bind 127.0.0.1:80\"");
  }
  return lines;
}

// A `stats socket` line whose socket is a file.
struct StatsSocket {
  std::size_t line = 0;
  std::string path;
  bool admin = false;
};

std::optional<StatsSocket> stats_socket(const std::string& line) {
  const auto written = haproxy::split_words(line);
  if (!written || written->size() < 3) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& word : *written) words.push_back(haproxy::unquote(word).value_or(""));
  if (words[0] != "stats" || words[1] != "socket") return std::nullopt;
  StatsSocket socket;
  socket.path = words[2].starts_with("unix@") ? words[2].substr(5) : words[2];
  if (!socket.path.starts_with('/')) return std::nullopt;
  for (std::size_t i = 3; i + 1 < words.size(); ++i) {
    if (words[i] == "level") socket.admin = words[i + 1] == "admin";
  }
  return socket;
}

std::vector<StatsSocket> stats_sockets(const std::vector<std::string>& global) {
  std::vector<StatsSocket> sockets;
  for (std::size_t i = 0; i < global.size(); ++i) {
    if (auto socket = stats_socket(global[i])) {
      socket->line = i;
      sockets.push_back(std::move(*socket));
    }
  }
  return sockets;
}

// `nbproc 2`: each process has servers of its own, and a socket tells one of them only. Gone since HAProxy 2.5.
std::optional<std::size_t> several_processes(const std::vector<std::string>& global) {
  for (std::size_t i = 0; i < global.size(); ++i) {
    const auto words = haproxy::split_words(global[i]);
    if (words && words->size() > 1 && words->front() == "nbproc" && (*words)[1] != "1") return i;
  }
  return std::nullopt;
}

// Somebody else's HAProxy: we use the first socket that lets us change something, and the others when that is of no
// use.
void find_sockets(ObjectReader& object, HaproxyRouterConfig& config) {
  if (const auto line = several_processes(config.global)) {
    object.items("global")[*line].warn(
        "with several processes every change reloads HAProxy, because a runtime socket belongs to one of them; use "
        "nbthread instead");
    return;
  }
  const auto sockets = stats_sockets(config.global);
  for (const auto& socket : sockets) {
    if (!socket.admin) continue;
    if (config.socket_path.empty()) {
      config.socket_path = socket.path;
    } else {
      config.further_sockets.push_back(socket.path);
    }
  }
  if (!config.socket_path.empty()) return;
  if (sockets.empty()) {
    object.self().warn(
        "without a runtime socket every change reloads HAProxy; add \"stats socket /run/haproxy.sock mode 600 level "
        "admin\" to global");
  } else {
    object.items("global")[sockets.front().line].warn(
        "without \"level admin\" on this socket every change reloads HAProxy; add it to the line");
  }
}

std::string read_runtime_dir(ObjectReader& object, const std::string& fallback) {
  auto directory = object.text("runtimeDir", fallback);
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  const auto strange = [](unsigned char c) {
    return c <= 0x20 || c == 0x7F || std::string_view("\"'\\#$,@").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!directory.starts_with('/')) {
    object.error("runtimeDir", "must be an absolute path, got \"" + directory + "\"");
  } else if (std::any_of(directory.begin(), directory.end(), strange)) {
    object.error("runtimeDir", "must not contain white space or any of \" ' \\ # $ , @");
  } else if (directory.size() > kMaxRuntimeDir) {
    object.error("runtimeDir", "must be at most " + std::to_string(kMaxRuntimeDir) +
                                   " characters, because the path of a unix socket is short, got " +
                                   std::to_string(directory.size()));
  }
  return directory;
}

// Our own HAProxy gets a socket of ours beside those that the operator wants.
void check_sockets_of_our_own(ObjectReader& object, const HaproxyRouterConfig& config) {
  for (const auto& socket : stats_sockets(config.global)) {
    if (socket.path != config.socket_path) continue;
    object.items("global")[socket.line].error("this socket is added by synapse itself; remove the line");
  }
}

}  // namespace

HaproxyRouterConfig read_haproxy_router(ObjectReader& object, const ParseOptions& options) {
  HaproxyRouterConfig config;
  config.reload_command = read_command(object, "reloadCommand");
  config.reload_min_interval = object.milliseconds("reloadMinIntervalInMilli", config.reload_min_interval, 0);
  config.reload_timeout = object.milliseconds("reloadTimeoutInMilli", config.reload_timeout);
  config.cleanup_command = read_command(object, "cleanupCommand");
  config.cleanup_timeout = object.milliseconds("cleanupTimeoutInMilli", config.cleanup_timeout);
  config.state_path = read_line(object, "statePath", "");
  if (!config.state_path.empty()) {
    object.find("statePath")
        ->warn("has no effect here: HAProxy's state is in configPath; statePath at the root keeps records");
  }
  if (config.reload_command.empty() && !config.cleanup_command.empty()) {
    object.find("cleanupCommand")->warn("has no effect without reloadCommand");
  }
  read_live_keys(object, config);
  config.haproxy_binary = read_line(object, "haproxyBinary", config.haproxy_binary);
  config.shutdown_timeout = object.milliseconds("shutdownTimeoutInMilli", config.shutdown_timeout, 0);
  config.global = read_lines(object, "global");
  config.defaults = read_lines(object, "defaults");
  config.listen = read_sections(object, "listen");
  config.frontend = read_sections(object, "frontend");
  config.backend = read_sections(object, "backend");
  config.extra_sections = read_extra_sections(object);
  config.shared_frontend = read_shared_frontend(object);
  if (config.haproxy_binary.empty()) object.error("haproxyBinary", "must not be empty");
  if (!config.runs_haproxy()) {
    object.ignore("runtimeDir");
    config.config_path = object.required_text("configPath");
    (void)read_line(object, "configPath", "");
    find_sockets(object, config);
    return config;
  }
  config.runtime_dir = read_runtime_dir(object, options.runtime_dir);
  config.config_path = read_line(object, "configPath", config.runtime_dir + "/haproxy.cfg");
  if (config.config_path.empty()) object.error("configPath", "must not be empty");
  config.socket_path = config.runtime_dir + std::string(kSocketName);
  check_sockets_of_our_own(object, config);
  return config;
}

}  // namespace synapse
