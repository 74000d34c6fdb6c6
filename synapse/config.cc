#include "synapse/config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/config/document.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

const std::vector<std::string> kLogLevels{"trace", "debug", "info", "warn", "error", "fatal", "panic"};

// The kinds of routers. routers.cc has the table of what is made of them.
struct RouterKind {
  const char* type;
  void (*read)(ObjectReader& object, const ParseOptions& options, RouterConfig& router);
};
constexpr std::array kRouterKinds{
    RouterKind{"haproxy", [](ObjectReader& object, const ParseOptions& options,
                             RouterConfig& router) { router.kind = read_haproxy_router(object, options); }},
    RouterKind{"template", [](ObjectReader& object, const ParseOptions& options,
                              RouterConfig& router) { router.kind = read_template_router(object, options); }},
    RouterKind{"file", [](ObjectReader& object, const ParseOptions&,
                          RouterConfig& router) { router.kind = read_file_router(object); }},
    RouterKind{"console", [](ObjectReader&, const ParseOptions&, RouterConfig&) {}},
};

std::vector<std::string> router_types() {
  std::vector<std::string> types;
  for (const auto& kind : kRouterKinds) types.emplace_back(kind.type);
  return types;
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
}

std::string line_of(const Reader& reader) {
  auto text = reader.text();
  if (!is_one_line(text)) reader.error("must be one line without control characters");
  return text;
}

// Where each router and service stands, for rules that concern several of them.
struct Placed {
  std::vector<Reader> routers;
  std::vector<std::vector<Reader>> services;
};

RouterConfig read_router(const Reader& reader, const ParseOptions& options, int& next_id, Placed& placed) {
  RouterConfig router;
  ObjectReader object(reader);
  router.type = read_type(object, router_types());
  router.events_buffer_duration = object.milliseconds("eventsBufferDurationInMilli", router.events_buffer_duration, 0);
  ServiceDefaults defaults;
  defaults.router_type = router.type;
  defaults.declare_empty = object.boolean("declareEmpty", true);
  placed.routers.push_back(reader);
  placed.services.push_back(object.items("services"));
  for (const auto& service : placed.services.back()) {
    router.services.push_back(read_service(service, defaults));
    router.services.back().id = next_id++;
  }
  if (router.services.empty() && object.self().is_mapping()) object.self().warn("has no services");
  for (const auto& kind : kRouterKinds) {
    if (router.type == kind.type) kind.read(object, options, router);
  }
  if (!router.type.empty()) object.finish();
  return router;
}

void check_conflicts(const Config& config, const Placed& placed) {
  std::vector<PlacedRouter> routers;
  for (std::size_t i = 0; i < config.routers.size(); ++i) {
    routers.push_back({config.routers[i], placed.routers[i], placed.services[i]});
  }
  check_conflicts(routers);
}

Config read_config(const Reader& reader, const ParseOptions& options) {
  Config config;
  ObjectReader root(reader);
  config.log_level = root.one_of("logLevel", config.log_level, kLogLevels);
  config.api_host = root.text("apiHost", config.api_host);
  if (config.api_host == "localhost") config.api_host = "127.0.0.1";
  if (!common::is_ip_address(config.api_host)) {
    root.error("apiHost", "must be an IP address, got " + common::quote_for_log(config.api_host) +
                              "; 0.0.0.0 means all interfaces");
  }
  config.api_port = static_cast<int>(root.integer("apiPort", config.api_port, {0, 65535}));
  Placed placed;
  int next_id = 1;  // over all routers, as go-synapse counts
  for (const auto& router : root.items("routers")) {
    config.routers.push_back(read_router(router, options, next_id, placed));
  }
  if (config.routers.empty() && root.self().is_mapping()) root.self().error("has no routers");
  check_conflicts(config, placed);
  for (auto& router : config.routers) {
    std::erase_if(router.services, [](const ServiceConfig& service) { return service.disabled; });
  }
  root.finish();
  return config;
}

}  // namespace

void error_at(const Reader& place, std::string_view key, const std::string& message) {
  if (place.is_mapping()) ObjectReader(place).error(key, message);
}

std::string read_line(ObjectReader& object, std::string_view key, std::string_view fallback) {
  const auto value = object.find(key);
  return value ? line_of(*value) : std::string(fallback);
}

std::vector<std::string> read_lines(const Reader& list) {
  std::vector<std::string> lines;
  for (const auto& item : list.items()) lines.push_back(line_of(item));
  return lines;
}

std::vector<std::string> read_lines(ObjectReader& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? read_lines(*value) : std::vector<std::string>();
}

std::string read_type(ObjectReader& object, const std::vector<std::string>& known) {
  if (object.has("type")) return object.one_of("type", "", known);
  (void)object.required_text("type");
  return {};
}

ParsedConfig parse_config(std::string_view text, const std::string& file, const ParseOptions& options) {
  ParsedConfig parsed;
  parsed.diagnostics.strict = options.strict;
  const auto document = common::Document::parse(text, file);
  if (!document) {
    parsed.diagnostics.errors.push_back(document.error().message);
    return parsed;
  }
  auto config = read_config(Reader(*document, parsed.diagnostics), options);
  if (parsed.diagnostics.ok()) parsed.config = std::move(config);
  return parsed;
}

}  // namespace synapse
