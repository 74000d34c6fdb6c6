#include "synapse/config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>
#include <list>
#include <utility>

#include "common/admin/api_config.h"
#include "common/config/document.h"
#include "common/config/shown.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"

namespace synapse {
namespace {

namespace fs = std::filesystem;
using common::ObjectReader;
using common::Reader;

constexpr std::size_t kLongestSocketPath = 107;  // sun_path of unix(7), with its final zero
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

// The files of all servicesDirs, which are read but once and outlive the Readers of them.
class ServiceFiles {
 public:
  ServiceFiles(const std::string& config_file, const ParseOptions& options, ParsedConfig& parsed)
      : config_file_(config_file), options_(options), parsed_(parsed) {}

  // Reads the router's key; gives a Reader for each file.
  std::vector<Reader> read(ObjectReader& router, RouterConfig& config, std::size_t index) {
    std::vector<Reader> readers;
    const auto given = router.text("servicesDir", "");
    if (given.empty()) return readers;
    config.services_dir = (fs::path(config_file_).parent_path() / given).lexically_normal().string();
    const auto files = options_.files_of(config.services_dir);
    if (!files) {
      router.error("servicesDir", files.error().message);
      return readers;
    }
    common::ShownInside inside{.path = {"routers", std::to_string(index), "services"}, .documents = {}};
    for (const auto& file : *files) {
      parsed_.fingerprint = parsed_.fingerprint * 31 + std::hash<std::string>()(file.name + '\n' + file.text);
      auto document = common::Document::parse(file.text, file.name);
      if (!document) {
        parsed_.diagnostics.errors.push_back(document.error().message);
        continue;
      }
      common::warn_of_open_secrets(*document, {}, options_.readable_by_others, parsed_.diagnostics);
      inside.documents.push_back(*document);
      documents_.push_back(*std::move(document));
      readers.emplace_back(documents_.back(), parsed_.diagnostics);
    }
    shown_.push_back(std::move(inside));
    return readers;
  }

  const std::vector<common::ShownInside>& shown() const { return shown_; }

 private:
  const std::string& config_file_;
  const ParseOptions& options_;
  ParsedConfig& parsed_;
  std::list<common::Document> documents_;
  std::vector<common::ShownInside> shown_;
};

RouterConfig read_router(const Reader& reader, const ParseOptions& options, ServiceFiles& files, int& next_id,
                         Placed& placed) {
  RouterConfig router;
  ObjectReader object(reader);
  router.type = read_type(object, router_types());
  router.events_buffer_duration = object.milliseconds("eventsBufferDurationInMilli", router.events_buffer_duration, 0);
  ServiceDefaults defaults;
  defaults.router_type = router.type;
  defaults.declare_empty = object.boolean("declareEmpty", true);
  auto more = files.read(object, router, placed.routers.size());
  placed.routers.push_back(reader);
  placed.services.push_back(object.items("services"));
  std::move(more.begin(), more.end(), std::back_inserter(placed.services.back()));
  for (const auto& service : placed.services.back()) {
    router.services.push_back(read_service(service, defaults, options));
    router.services.back().id = next_id++;
  }
  if (router.services.empty() && object.self().is_mapping()) {
    object.self().warn(router.services_dir.empty() ? "has no services"
                                                   : "has no services yet; each .yml, .yaml or .json file in " +
                                                         router.services_dir + " is one");
  }
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

Config read_config(const Reader& reader, const ParseOptions& options, ServiceFiles& files) {
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
  config.watch_config = root.boolean("watchConfig", config.watch_config);
  config.api_socket = root.text("apiSocket", "");
  if (config.api_socket.size() > kLongestSocketPath) {
    root.error("apiSocket", "must be at most " + std::to_string(kLongestSocketPath) + " bytes long, got " +
                                std::to_string(config.api_socket.size()));
  }
  config.core_dumps = root.boolean("coreDumps", config.core_dumps);
  config.api_allowed_hosts = common::read_allowed_hosts(root);
  config.state_path = root.text("statePath", options.state_dir + "/state-" + std::to_string(config.api_port));
  if (!config.state_path.empty() && !config.state_path.starts_with('/')) {
    root.error("statePath",
               "must be an absolute path, or empty to keep nothing, got " + common::quote_for_log(config.state_path));
  }
  Placed placed;
  int next_id = 1;  // over all routers, as go-synapse counts
  for (const auto& router : root.items("routers")) {
    config.routers.push_back(read_router(router, options, files, next_id, placed));
  }
  if (config.routers.empty() && root.self().is_mapping()) root.self().error("has no routers");
  check_conflicts(config, placed);
  for (std::size_t i = 0; i < config.routers.size(); ++i) {
    auto& router = config.routers[i];
    if (router.type == "haproxy") check_live_keys(router, placed.services[i]);
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
  parsed.fingerprint = std::hash<std::string_view>()(text);
  const auto document = common::Document::parse(text, file);
  if (!document) {
    parsed.diagnostics.errors.push_back(document.error().message);
    return parsed;
  }
  common::warn_of_open_secrets(*document, {}, options.readable_by_others, parsed.diagnostics);
  auto placed = options;
  placed.directory = fs::path(file).parent_path().string();
  ServiceFiles files(file, placed, parsed);
  auto config = read_config(Reader(*document, parsed.diagnostics), placed, files);
  for (const auto& router : config.routers) {
    const auto* rendered = std::get_if<TemplateRouterConfig>(&router.kind);
    if (rendered) parsed.fingerprint = parsed.fingerprint * 31 + std::hash<std::string>()(rendered->text);
  }
  parsed.shown = common::shown(*document, files.shown());
  if (parsed.diagnostics.ok()) parsed.config = std::move(config);
  return parsed;
}

}  // namespace synapse
