// synapse's configuration: go-synapse's YAML or JSON read into plain structs, with every default in this file. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config/reader.h"
#include "common/config/secrets.h"
#include "common/file/config_files.h"
#include "common/result.h"
#include "synapse/pool/rules.h"
#include "synapse/watch/watcher_config.h"

namespace synapse {

enum class ServerSort {
  random,  // the same order at every start of this host, another one on other hosts
  name,
  date,  // when the record's node was created, oldest first
};

// Leave out the server that stands first in another service of the same router (type excludeServer, scope first).
struct ServerCorrelation {
  std::string other_service;

  friend bool operator==(const ServerCorrelation&, const ServerCorrelation&) = default;
};

struct ServiceConfig {
  std::string name;  // fit for the name of an HAProxy proxy; unique in its router
  int id = 1;        // counts from 1 over all routers, as go-synapse counts; part of proxy_name()
  WatcherConfig watcher;
  ServerSort sort = ServerSort::random;
  std::optional<ServerCorrelation> correlation;
  PoolRules pool;
  std::string server_options;  // a template, see server_options.h

  // Read and checked, then left out by parse_config(): neither watched nor routed.
  bool disabled = false;

  // Routers of type haproxy:
  std::string backend_name;                 // what its proxies are called; empty: <name>_<id>
  std::vector<std::string> frontend_lines;  // routerOptions
  std::vector<std::string> backend_lines;
  std::vector<std::string> shared_frontend;  // its lines in the router's shared frontend; {{.Backend}}: proxy_name()
  std::string bind_address = "127.0.0.1";
  int port = 0;               // 0: no port is bound but what frontend_lines say
  std::string bind_socket;    // the path of a unix socket; empty: none is bound
  std::string bind_options;   // words behind either of them
  std::string mode;           // "tcp" or "http"; empty: not given, the defaults section decides (tcp when that is ours)
  std::string balance;        // empty: not given
  bool declare_empty = true;  // declare the service before it ever had a server
  bool verified = false;      // admission: a new server serves after a check of HAProxy's own passed
  std::chrono::milliseconds drain{0};  // how long a server that leaves drains before it goes into maintenance
  // More than this share of the servers vanishing within the window is not believed: 0 believes everything.
  int hold_below_percent = 0;
  std::chrono::milliseconds hold_window{30'000};

  std::string proxy_name() const { return backend_name.empty() ? name + "_" + std::to_string(id) : backend_name; }

  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

// Prints the servers of each changed service.
struct ConsoleRouterConfig {
  friend bool operator==(const ConsoleRouterConfig&, const ConsoleRouterConfig&) = default;
};

// Renders one Mustache template with all servers of all its services.
struct TemplateRouterConfig {
  std::string destination_file;
  unsigned destination_mode = 0644;
  std::string file;                  // where the template stands; empty: in the configuration
  std::string text;                  // of the template
  std::vector<std::string> command;  // after the file has changed; may be empty
  std::chrono::milliseconds command_timeout{2000};

  friend bool operator==(const TemplateRouterConfig&, const TemplateRouterConfig&) = default;
};

// Writes one JSON file a service, as Airbnb's file_output does.
struct FileRouterConfig {
  std::string output_directory;  // does not end with '/'

  friend bool operator==(const FileRouterConfig&, const FileRouterConfig&) = default;
};

// In a service's lines of the shared frontend: the name of its backend.
inline constexpr std::string_view kBackendPlaceholder = "{{.Backend}}";

// The section of the lines that several services share; Airbnb's name.
inline constexpr std::string_view kSharedFrontend = "shared-frontend";

// With a reload_command HAProxy is somebody else's: we write config_path and run the command. Without one HAProxy is
// our child, and everything it needs stands in runtime_dir.
struct HaproxyRouterConfig {
  using Sections = std::map<std::string, std::vector<std::string>>;  // name -> lines

  std::string config_path;  // our own HAProxy: <runtime_dir>/haproxy.cfg unless given
  std::vector<std::string> reload_command;
  std::chrono::milliseconds reload_min_interval{500};
  std::chrono::milliseconds reload_timeout{1000};
  std::vector<std::string> cleanup_command;  // after a reload, in the background
  std::chrono::milliseconds cleanup_timeout{35'000};
  std::string state_path;
  bool respect_manual_maintenance = true;  // a server that a person put into maintenance or drain stays there
  int max_tombstones = 100;                // more of them than this, and than servers, are swept away by a reload
  std::chrono::milliseconds tombstone_quiet{60'000};  // when nothing changed for as long as this

  // The runtime socket: what `global` says (`stats socket <path> level admin`), or <runtime_dir>/haproxy.sock for our
  // own HAProxy. Empty: there is none, and every change needs a reload.
  std::string socket_path;
  std::vector<std::string> further_sockets;  // more of them of the same HAProxy, for when the first is of no use

  // Our own HAProxy:
  std::string runtime_dir;
  std::string haproxy_binary = "haproxy";
  std::chrono::milliseconds shutdown_timeout{10'000};  // for its connections to finish when we stop

  std::vector<std::string> global;
  std::vector<std::string> defaults;
  Sections listen;
  Sections frontend;
  Sections backend;
  Sections extra_sections;                   // header -> lines: "userlist admins", "resolvers dns"...
  std::vector<std::string> shared_frontend;  // lines; the services' own follow them. None: there is no such section

  bool runs_haproxy() const { return reload_command.empty(); }

  friend bool operator==(const HaproxyRouterConfig&, const HaproxyRouterConfig&) = default;
};

struct RouterConfig {
  std::string type;                                       // as written: "haproxy", "console", "template", "file"
  std::string services_dir;                               // absolute; empty: there is none
  std::chrono::milliseconds events_buffer_duration{500};  // the longest a change may wait in a burst
  std::vector<ServiceConfig> services;
  std::variant<ConsoleRouterConfig, HaproxyRouterConfig, TemplateRouterConfig, FileRouterConfig> kind;

  friend bool operator==(const RouterConfig&, const RouterConfig&) = default;
};

struct Config {
  std::string log_level = "info";
  std::string api_host = "127.0.0.1";
  int api_port = 3455;                         // 0: a free one
  std::string api_socket;                      // a unix socket as well; empty: none
  bool core_dumps = false;                     // counts at the start only
  std::vector<std::string> api_allowed_hosts;  // names by which the API is reached, besides those of this machine
  bool watch_config = true;                    // reload when a file changes
  std::string state_path;                      // a directory, of one synapse; empty: nothing is kept for the next start
  std::vector<RouterConfig> routers;

  friend bool operator==(const Config&, const Config&) = default;
};

struct ParseOptions {
  bool strict = false;  // unknown keys are errors
  // Where our own HAProxy lives when the configuration does not say (`runtimeDir`).
  std::string runtime_dir = "/run/synapse";
  // The environment, for the values that may name a variable of it (`prefer`); may be empty: there is none.
  std::function<std::optional<std::string>(const std::string&)> environment;
  // Where the last good records are kept when the configuration does not say (`statePath`): below this, by API port.
  std::string state_dir = "/run/synapse";
  // The files of a `servicesDir`, by name: a service each.
  std::function<common::Result<std::vector<common::ConfigFile>>(const std::string& directory)> files_of;
  // Reads the file of a template (`templateFile`). Without one it is taken as empty.
  std::function<common::Result<std::string>(const std::string& path)> read_file;
  // Who may read the configuration's files, for secrets that stand in them; may be empty.
  common::ReadableByOthers readable_by_others;
  // What such paths are relative to; parse_config() takes the directory of the configuration's file.
  std::string directory;
};

struct ParsedConfig {
  std::optional<Config> config;  // nothing when there are errors
  std::string shown;             // the configuration as JSON, secrets masked
  std::size_t fingerprint = 0;   // of all texts
  common::Diagnostics diagnostics;
};

// All errors at once, each with file, line and key. `file` is the name used in messages, and what a relative
// servicesDir is relative to.
[[nodiscard]] ParsedConfig parse_config(std::string_view text, const std::string& file, const ParseOptions& options);

}  // namespace synapse
