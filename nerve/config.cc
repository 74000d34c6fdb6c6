#include "nerve/config.h"

#include <filesystem>
#include <list>
#include <map>
#include <set>
#include <utility>

#include "common/admin/api_config.h"
#include "common/config/document.h"
#include "common/config/runtime_directory.h"
#include "common/config/shown.h"
#include "common/registration/registration.h"
#include "common/registration/validate.h"
#include "nerve/check/datasource.h"
#include "nerve/report/kinds.h"

namespace nerve {
namespace {

using common::Document;
using common::ObjectReader;
using common::Reader;

const std::vector<std::string> kLogLevels{"trace", "debug", "info", "warn", "error", "fatal", "panic"};

constexpr std::size_t kLongestSocketPath = 107;  // sun_path of unix(7), with its final zero

void read_api(ObjectReader& object, Config& config) {
  config.api_host = object.text("apiHost", config.api_host);
  if (config.api_host == "localhost") config.api_host = "127.0.0.1";
  if (!common::is_ip_address(config.api_host)) {
    object.error("apiHost", "must be an IP address, got " + common::quote_for_log(config.api_host) +
                                "; 0.0.0.0 means all interfaces");
  }
  config.api_port = static_cast<int>(object.integer("apiPort", config.api_port, {0, 65535}));
  config.api_socket = object.text("apiSocket", "");
  if (config.api_socket.size() > kLongestSocketPath) {
    object.error("apiSocket", "must be at most " + std::to_string(kLongestSocketPath) + " bytes long, got " +
                                  std::to_string(config.api_socket.size()));
  }
  config.api_token_file = object.text("apiTokenFile", "");
  config.api_legacy_get = object.boolean("apiLegacyGet", config.api_legacy_get);
  config.core_dumps = object.boolean("coreDumps", config.core_dumps);
  config.api_allowed_hosts = common::read_allowed_hosts(object);
}

// The services of both sources, which must differ in name and in the places that they report to.
class ServiceList {
 public:
  explicit ServiceList(const AddressLookup& address) : address_(address) {}

  void add(const Reader& reader) {
    ServiceConfig service = read_service(reader, address_);
    const std::string place = reader.path().empty() ? reader.location() : reader.path();
    const auto [first, is_new] = places_.emplace(service.name, place);
    if (!is_new) {
      reader.error("has the name " + common::quote_for_log(service.name) + " of " + first->second +
                   "; names must differ");
      return;
    }
    for (const auto& node : nodes_of(service)) {
      const auto [other, is_free] = nodes_.emplace(node, place);
      if (!is_free) {
        reader.error("would have the same node in ZooKeeper as " + other->second + ": " +
                     node.substr(node.rfind(' ') + 1) + "; give it a name that differs in more than punctuation");
      }
    }
    if (common::is_loopback(service.host) && !nodes_of(service).empty()) loopback_.push_back(place);
    services_.push_back(std::move(service));
  }

  bool empty() const { return services_.empty(); }

  // Works, and is what a test wants; in production it is a mistake.
  void warn_of_loopback(const Reader& root) const {
    if (loopback_.empty()) return;
    const std::string more = loopback_.size() > 1 ? " and " + std::to_string(loopback_.size() - 1) + " more" : "";
    root.warn(loopback_.front() + more +
              " announce a loopback address in ZooKeeper, which other machines cannot reach; "
              "set host to an address, or to auto for that of this machine");
  }

  std::vector<ServiceConfig> take() { return std::move(services_); }

 private:
  static std::vector<std::string> nodes_of(const ServiceConfig& service) {
    std::vector<std::string> nodes;
    for (const auto& reporter : service.reporters) {
      if (!std::holds_alternative<ZookeeperOptions>(reporter.options)) continue;
      nodes.push_back(place_of(reporter, common::node_name(service.name, service.host, service.port)));
    }
    return nodes;
  }

  const AddressLookup& address_;
  std::vector<ServiceConfig> services_;
  std::map<std::string, std::string> places_;  // of each name
  std::map<std::string, std::string> nodes_;   // of each node, its service
  std::vector<std::string> loopback_;
};

class ConfigParser {
 public:
  ConfigParser(const std::string& file, const ConfigSources& sources, ParsedConfig& parsed)
      : file_(file), sources_(sources), parsed_(parsed), services_(sources.address) {}

  void parse(std::string_view text) {
    const Document* document = open(text, file_, &parsed_.expanded);
    if (document == nullptr) return;
    const Reader root(*document, parsed_.diagnostics);
    read_root(ObjectReader(root));
    services_.warn_of_loopback(root);
    parsed_.config.services = services_.take();
    add_what_is_named();
    parsed_.shown = common::shown(*document, {{{"services"}, service_files_}});
  }

 private:
  void add_to_fingerprint(const std::string& text) {
    parsed_.fingerprint = parsed_.fingerprint * 31 + std::hash<std::string>()(text);
  }

  // What the texts say stays the same when the address of this machine or a password becomes another one.
  void add_what_is_named() {
    for (const auto& service : parsed_.config.services) {
      add_to_fingerprint(service.host);
      for (const auto& reporter : service.reporters) {
        const auto* zookeeper = std::get_if<ZookeeperOptions>(&reporter.options);
        if (zookeeper != nullptr) add_to_fingerprint(zookeeper->auth.password);
      }
    }
  }

  // Null: it was said why.
  const Document* open(std::string_view text, const std::string& name, std::string* keep = nullptr) {
    const common::LaterTemplates later{"datasource", {kDatasourceNames.begin(), kDatasourceNames.end()}};
    auto expanded = common::expand_environment(text, name, sources_.environment, later);
    if (!expanded) {
      parsed_.diagnostics.errors.push_back(expanded.error().message);
      return nullptr;
    }
    // Of what is in force, so that a variable or a file that changed is seen, too.
    add_to_fingerprint(name + '\n' + *expanded);
    auto document = Document::parse(*expanded, name);
    if (keep != nullptr) *keep = *std::move(expanded);
    if (!document) {
      parsed_.diagnostics.errors.push_back(document.error().message);
      return nullptr;
    }
    common::warn_of_open_secrets(*document, text, sources_.readable_by_others, parsed_.diagnostics);
    return &documents_.emplace_back(*std::move(document));
  }

  void read_root(ObjectReader object) {
    Config& config = parsed_.config;
    config.log_level = object.one_of("logLevel", config.log_level, kLogLevels);
    read_api(object, config);
    config.templated_config_path = object.text("templatedConfigPath", "");
    config.watch_config = object.boolean("watchConfig", config.watch_config);
    config.max_exec_checks = static_cast<int>(object.integer("maxExecChecks", config.max_exec_checks, {1, 10'000}));
    config.state_path = object.text("statePath", default_state_path(config.api_port));
    read_services(object);
    object.finish();
  }

  // With any free port there is nothing that two lives have in common.
  std::string default_state_path(int api_port) const {
    if (api_port == 0) return "";
    return common::runtime_directory("nerve", sources_.environment) + "/nerve-" + std::to_string(api_port) + ".json";
  }

  void read_services(ObjectReader& object) {
    for (const Reader& reader : object.items("services")) services_.add(reader);
    parsed_.config.services_dir = object.text("servicesDir", "");
    if (!parsed_.config.services_dir.empty()) {
      read_services_dir(object);
    } else if (services_.empty() && object.self().is_mapping()) {
      object.self().error("services: there is no service");
    }
  }

  void read_services_dir(ObjectReader& object) {
    std::string& directory = parsed_.config.services_dir;
    directory = (std::filesystem::path(file_).parent_path() / directory).string();
    const auto files = sources_.files_of(directory);
    if (!files) return object.error("servicesDir", files.error().message);
    for (const common::ConfigFile& file : *files) {
      const Document* document = open(file.text, file.name);
      if (document == nullptr) continue;
      service_files_.push_back(*document);
      services_.add(Reader(*document, parsed_.diagnostics));
    }
    if (services_.empty() && parsed_.diagnostics.ok()) {
      object.self().warn("there is no service yet; each .yml, .yaml or .json file in " + directory + " is one");
    }
  }

  const std::string& file_;
  const ConfigSources& sources_;
  ParsedConfig& parsed_;
  ServiceList services_;
  std::list<Document> documents_;  // as long as their readers
  std::vector<Document> service_files_;
};

}  // namespace

std::vector<std::string> other_files(const Config& config) {
  std::set<std::string> files;
  if (!config.api_token_file.empty()) files.insert(config.api_token_file);
  for (const auto& service : config.services) {
    for (const auto& reporter : service.reporters) {
      const auto* zookeeper = std::get_if<ZookeeperOptions>(&reporter.options);
      if (zookeeper != nullptr && !zookeeper->password_file.empty()) files.insert(zookeeper->password_file);
    }
  }
  return {files.begin(), files.end()};
}

ParsedConfig parse_config(std::string_view text, const std::string& file, const ConfigSources& sources, bool strict) {
  ParsedConfig parsed;
  parsed.diagnostics.strict = strict;
  ConfigParser(file, sources, parsed).parse(text);
  return parsed;
}

}  // namespace nerve
