#include "synapse/haproxy/model_haproxy.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/core.h>

namespace synapse::haproxy {

namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// Undoes what the socket's backslashes protect.
std::string plain(const std::string& word) {
  std::string result;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\' && i + 1 < word.size()) ++i;
    result += word[i];
  }
  return result;
}

// The keywords that the tests use.
const std::map<std::string, int> kArguments = {
    {"check", 0}, {"no-check", 0},  {"backup", 0},        {"enabled", 0},          {"disabled", 0}, {"weight", 1},
    {"inter", 1}, {"rise", 1},      {"fall", 1},          {"maxconn", 1},          {"cookie", 1},   {"slowstart", 1},
    {"port", 1},  {"init-addr", 1}, {"pool-max-conn", 1}, {"pool-purge-delay", 1}, {"resolvers", 1}};

bool refused_at_run_time(const std::string& word, bool is_3_0) {
  static const std::set<std::string> kNever = {"no-check", "init-addr", "resolvers"};
  return kNever.contains(word) || (word == "cookie" && !is_3_0) || (word == "enabled" && is_3_0);
}

// What the words make of a server. Empty when they were taken, else HAProxy's complaint.
std::string apply_words(const Words& words, ModelHaproxy::Server& server, bool at_run_time, bool is_3_0) {
  std::map<std::string, std::string> in_effect;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    auto known = kArguments.find(word);
    if (known == kArguments.end()) return fmt::format("unknown keyword '{}'.\n\n", word);
    if (at_run_time && refused_at_run_time(word, is_3_0)) {
      return fmt::format("'{}' option is not accepted for dynamic server\n\n", word);
    }
    auto argument = known->second == 1 && i + 1 < words.size() ? words[++i] : std::string();
    if (word == "weight") {
      server.weight = server.initial_weight = std::stoi(argument);
    } else if (word == "enabled") {
      server.admin_state = 0;
    } else if (word == "disabled") {
      server.admin_state = 5;
    } else if (word == "no-check") {
      in_effect.erase("check");
    } else if (word != "pool-max-conn" && word != "pool-purge-delay") {
      in_effect[word] = argument;
    }
  }
  server.check = in_effect.contains("check");
  for (const auto& [word, argument] : in_effect)
    server.words.push_back(argument.empty() ? word : word + " " + argument);
  return "";
}

bool is_path(const std::string& address) {
  return address.starts_with('/');
}

bool set_host_port(const std::string& text, ModelHaproxy::Server& server) {
  if (text.starts_with("unix@")) {
    server.address = text.substr(5);
    return is_path(server.address);
  }
  auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  server.address = text.substr(0, colon);
  if (server.address.starts_with('[')) server.address = server.address.substr(1, server.address.size() - 2);
  server.port = std::stoi(text.substr(colon + 1));
  // No resolver here.
  if (server.address.find_first_not_of("0123456789abcdef.:") != std::string::npos) server.address = "-";
  return true;
}

}  // namespace

ModelHaproxy::Server* ModelHaproxy::find(const std::string& backend, const std::string& server) {
  auto found = backends_.find(backend);
  if (found == backends_.end()) return nullptr;
  auto& servers = found->second.servers;
  auto position = std::find_if(servers.begin(), servers.end(), [&](const Server& s) { return s.name == server; });
  return position == servers.end() ? nullptr : &*position;
}

std::string ModelHaproxy::version() const {
  switch (profile_) {
    case Profile::old:
      return "2.4.22-f8e3218";
    case Profile::v2_6:
      return "2.6.12-1+deb12u4";
    case Profile::v3_0:
      return "3.0.11-1+deb13u4";
    case Profile::newer:
      return "3.3.1-98813a1";
  }
  return "";
}

bool ModelHaproxy::load(std::string_view config) {
  std::map<std::string, Backend> backends;
  std::string fingerprint;
  Words defaults;
  Backend* backend = nullptr;
  bool in_defaults = false;
  std::istringstream lines{std::string(config)};
  for (std::string line; std::getline(lines, line);) {
    auto words = split(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    if (line[0] != ' ') {
      backend = words[0] == "backend" ? &backends[words.at(1)] : nullptr;
      in_defaults = words[0] == "defaults";
      if (backend != nullptr) backend->default_words = defaults;
    } else if (words[0] == "setenv" && words.at(1) == "SYNAPSE_CONFIG") {
      fingerprint = words.at(2);
    } else if (words[0] == "default-server") {
      auto& to = in_defaults ? defaults : backend->default_words;
      to.insert(to.end(), words.begin() + 1, words.end());
    } else if (backend != nullptr && words[0] == "balance") {
      backend->dynamic_balance = words.at(1) != "static-rr" && words.at(1) != "source";
    } else if (backend != nullptr && words[0] == "server") {
      Server server;
      server.name = words.at(1);
      if (!set_host_port(words.at(2), server) || server.address == "-") return false;
      auto all = backend->default_words;
      all.insert(all.end(), words.begin() + 3, words.end());
      if (!apply_words(all, server, false, is_3_0()).empty()) return false;
      for (const auto& other : backend->servers) {
        if (other.name == server.name) return false;
      }
      server.check_enabled = server.check;
      server.checks_rest = server.admin_state != 0;
      server.up = server.admin_state == 0;
      server.health = server.up ? 2 : 0;
      backend->servers.push_back(server);
    }
  }
  backends_ = std::move(backends);
  fingerprint_ = fingerprint;
  ++loads_;
  return true;
}

std::string ModelHaproxy::answer(const std::string& command) {
  auto words = split(command);
  auto starts = [&](std::string_view text) { return command.starts_with(text); };
  if (command == "show servers state") return show_state();
  if (command == "show info") {
    return fmt::format("Name: HAProxy\nVersion: {}\nPid: {}\nUptime_sec: 3\nStopping: 0\n\n", version(), 100 + loads_);
  }
  if (command == "show env SYNAPSE_CONFIG") {
    return fingerprint_.empty() ? "Variable not found\n\n" : "SYNAPSE_CONFIG=" + fingerprint_ + "\n\n";
  }
  if (profile_ == Profile::old && (starts("add server ") || starts("del server "))) {
    return "This command is restricted to experimental mode only.\n\n";
  }
  if (starts("add server ")) return add(words);
  if (starts("del server ")) return remove(words);
  if (starts("set server ") && words.size() >= 5) return set(words);
  if (starts("enable health ")) return enable_health(words.at(2));
  if (starts("enable dynamic-cookie backend ")) return backends_.contains(words.at(3)) ? "\n" : "No such backend.\n\n";
  return "Unknown command, but maybe one of the following ones is a better match:\n  help\n\n";
}

std::string ModelHaproxy::add(const Words& words) {
  const std::string end = is_3_0() ? "\n\n" : "\n";
  auto slash = words.at(2).find('/');
  auto name = words[2].substr(slash + 1);
  auto found = backends_.find(words[2].substr(0, slash));
  if (found == backends_.end()) return "No such backend." + end;
  auto& backend = found->second;
  if (!backend.dynamic_balance) return "Backend must use a dynamic load balancing to support dynamic servers." + end;
  Server server;
  server.name = name;
  server.dynamic = true;
  if (words.size() < 4 || !set_host_port(words[3], server)) return "'server' expects <name> and <addr>[:<port>]\n\n";
  server.admin_state = 1;
  server.up = false;
  Words plain_words;
  for (std::size_t i = 4; i < words.size(); ++i) plain_words.push_back(plain(words[i]));
  if (auto complaint = apply_words(plain_words, server, true, is_3_0()); !complaint.empty()) return complaint;
  if (find(found->first, name) != nullptr) return "Already exists a server with the same name in backend.\n\n";
  backend.servers.push_back(server);
  return "New server registered.\n\n";
}

std::string ModelHaproxy::set(const Words& words) {
  auto slash = words[2].find('/');
  auto found = backends_.find(words[2].substr(0, slash));
  if (found == backends_.end()) return "No such backend.\n\n";
  auto* server = find(found->first, words[2].substr(slash + 1));
  if (server == nullptr) return "No such server.\n\n";
  if (words[3] == "weight") return set_weight(found->second, *server, words[4]);
  if (words[3] == "addr") return set_address(*server, words);
  if (words[3] == "health") return set_health(*server, words[4]);
  if (words[3] == "state") return set_state(*server, words[4]);
  return "usage\n\n";
}

std::string ModelHaproxy::set_state(Server& server, const std::string& state) {
  const int configured = server.admin_state & 4;
  const bool leaves_maintenance = (server.admin_state & 1) != 0 && state != "maint";
  if (state == "ready") {
    server.admin_state = configured;
  } else if (state == "maint") {
    if ((server.admin_state & 1) == 0) {
      server.checks_rest = true;
      server.up = false;
      server.health = 0;
    }
    server.admin_state = configured | 1;
  } else if (state == "drain") {
    server.admin_state = configured | 8;
  } else {
    return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n";
  }
  if (leaves_maintenance) {
    server.checks_rest = false;
    server.up = true;
    server.health = 2;
  }
  return "\n";
}

std::string ModelHaproxy::set_health(Server& server, const std::string& health) {
  server.up = health == "up";
  server.health = server.up ? 4 : 0;
  return "\n";
}

void ModelHaproxy::run_checks() {
  for (auto& [name, backend] : backends_) {
    for (auto& server : backend.servers) {
      if (!server.check_enabled || server.checks_rest) continue;
      server.check_result = server.unreachable ? 2 : 3;
      server.health = server.unreachable ? 0 : 4;
      server.up = !server.unreachable;
    }
  }
}

std::string ModelHaproxy::set_weight(const Backend& backend, Server& server, const std::string& text) {
  int weight = std::stoi(text);
  if (weight < 0 || weight > 256) return "Absolute weight can only be between 0 and 256 inclusive.\n\n";
  if (!backend.dynamic_balance && weight != 0 && weight != server.initial_weight) {
    return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n\n";
  }
  server.weight = weight;
  return "\n";
}

std::string ModelHaproxy::set_address(Server& server, const Words& words) {
  const std::string by = " by 'stats socket command'\n\n";
  if (is_path(words[4])) return "Invalid addr '" + words[4] + "'" + by;
  if (server.address == "-" || is_path(server.address)) {
    return "Update for the current server address family is only supported through configuration file" +
           (is_3_0() ? ".\n\n" : by);
  }
  int port = std::stoi(words.at(6));
  auto address =
      words[4] == server.address ? "" : fmt::format("IP changed from '{}' to '{}'", server.address, words[4]);
  auto changed = port == server.port ? "" : fmt::format("port changed from '{}' to '{}'", server.port, port);
  server.address = words[4];
  server.port = port;
  if (is_3_0()) {
    if (address.empty() && changed.empty()) return "nothing changed\n\n";
    return address + (!address.empty() && !changed.empty() ? ", " : "") + changed + by;
  }
  return (address.empty() ? "no need to change the addr" : address) + ", " +
         (changed.empty() ? "no need to change the port" : changed) + by;
}

std::string ModelHaproxy::remove(const Words& words) {
  const std::string end = is_3_0() ? "\n\n" : "\n";
  auto slash = words.at(2).find('/');
  auto found = backends_.find(words[2].substr(0, slash));
  if (found == backends_.end()) return "No such backend." + end;
  auto* server = find(found->first, words[2].substr(slash + 1));
  if (server == nullptr) return "No such server." + end;
  if ((server->admin_state & 1) == 0) return "Only servers in maintenance mode can be deleted." + end;
  if (server->connections > 0) return "Server still has connections attached to it, cannot remove it." + end;
  found->second.servers.erase(found->second.servers.begin() + (server - found->second.servers.data()));
  return "Server deleted." + end;
}

std::string ModelHaproxy::enable_health(const std::string& path) {
  auto slash = path.find('/');
  if (!backends_.contains(path.substr(0, slash))) return "No such backend.\n\n";
  auto* server = find(path.substr(0, slash), path.substr(slash + 1));
  if (server == nullptr) return "No such server.\n\n";
  if (!server->check) return "Health check was not configured on this server, cannot enable.\n\n";
  server->check_enabled = true;
  return "\n";
}

std::string ModelHaproxy::show_state() const {
  std::string text =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
      "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
      "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
      "srv_agent_addr srv_agent_port\n";
  int backend_id = 1;
  for (const auto& [name, backend] : backends_) {
    ++backend_id;
    int server_id = 0;
    for (const auto& server : backend.servers) {
      bool maintenance = (server.admin_state & 1) != 0;
      int check_state =
          (server.check ? 2 : 0) | (server.check_enabled ? 4 : 0) | (server.check && server.checks_rest ? 8 : 0);
      text += fmt::format("{} {} {} {} {} {} {} {} {} 7 15 {} {} {} 0 0 0 - {} - 0 0 - - 0\n", backend_id, name,
                          ++server_id, server.name, is_path(server.address) ? "-" : server.address,
                          maintenance || !server.up ? 0 : 2, server.admin_state, server.weight, server.initial_weight,
                          server.check_result, server.health, check_state, server.port);
    }
  }
  return text + "\n";
}

}  // namespace synapse::haproxy
