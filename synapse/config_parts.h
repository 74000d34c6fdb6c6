// The parts of parse_config(); only config*.cc see them. Each reads one mapping and records what is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/reader.h"
#include "synapse/config.h"

namespace synapse {

// One line of text; absent: the fallback. Control characters are an error.
[[nodiscard]] std::string read_line(common::ObjectReader& object, std::string_view key, std::string_view fallback);

// A list of lines for an HAProxy configuration.
[[nodiscard]] std::vector<std::string> read_lines(common::ObjectReader& object, std::string_view key);
[[nodiscard]] std::vector<std::string> read_lines(const common::Reader& list);

// The mandatory `type` of a router or a watcher; empty after an error.
[[nodiscard]] std::string read_type(common::ObjectReader& object, const std::vector<std::string>& known);

// An error about a key of a mapping that has been read already.
void error_at(const common::Reader& place, std::string_view key, const std::string& message);

// The keys of a haproxy router other than those that every router has.
[[nodiscard]] HaproxyRouterConfig read_haproxy_router(common::ObjectReader& object, const ParseOptions& options);

[[nodiscard]] TemplateRouterConfig read_template_router(common::ObjectReader& object, const ParseOptions& options);
[[nodiscard]] FileRouterConfig read_file_router(common::ObjectReader& object);

// How servers of a service of a haproxy router come and go; and of the router as a whole.
void read_live_keys(common::ObjectReader& object, ServiceConfig& service);
void ignore_live_keys(common::ObjectReader& object);
void read_live_keys(common::ObjectReader& object, HaproxyRouterConfig& config);

// Warns about services whose keys have no effect because HAProxy does not check their servers.
void check_live_keys(const RouterConfig& router, const std::vector<common::Reader>& services);
// labelFilters, portOverride, defaultServers, keepDefaultServers and prefer of a service.
[[nodiscard]] PoolRules read_pool_rules(common::ObjectReader& service, const ParseOptions& options);

// The mapping of one watcher. After an error the result is of no use.
[[nodiscard]] WatcherConfig read_watcher(const common::Reader& reader, const ParseOptions& options);

struct ServiceDefaults {
  std::string router_type;
  bool declare_empty = true;
};
[[nodiscard]] ServiceConfig read_service(const common::Reader& reader, const ServiceDefaults& defaults,
                                         const ParseOptions& options);

// The keys that only a service of a haproxy router has; in others they do no harm.
void read_haproxy_keys(common::ObjectReader& object, ServiceConfig& service, const ServiceDefaults& defaults);
void ignore_haproxy_keys(common::ObjectReader& object);

// The path of a unix socket that HAProxy binds; an error is recorded when it cannot be one.
void check_socket_path(common::ObjectReader& object, std::string_view key, const std::string& path);

// A router with the places of what it was read from.
struct PlacedRouter {
  const RouterConfig& config;
  common::Reader place;
  std::vector<common::Reader> services;
};

// Rules that concern several services, or several routers: names, sections, files, directories and ports that are
// somebody else's already.
void check_conflicts(const std::vector<PlacedRouter>& routers);

}  // namespace synapse
