#include <algorithm>
#include <cctype>
#include <utility>

#include "common/registration/validate.h"
#include "synapse/config_parts.h"
#include "synapse/server_options.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;

WatcherConfig read_watcher_of(ObjectReader& service, const ParseOptions& options) {
  if (const auto reader = service.find("watcher")) return read_watcher(*reader, options);
  service.error("watcher", "is missing");
  return {};
}

// go-synapse does not look at the case of this word.
ServerSort read_sort(ObjectReader& object) {
  const auto value = object.find("serverSort");
  std::string word = value ? value->text() : "random";
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word == "name") return ServerSort::name;
  if (word == "date") return ServerSort::date;
  if (word != "random" && !word.empty()) (void)object.one_of("serverSort", "", {"random", "name", "date"});
  return ServerSort::random;
}

std::optional<ServerCorrelation> read_correlation(ObjectReader& service) {
  const auto reader = service.find("serverCorrelation");
  if (!reader) return std::nullopt;
  ObjectReader object(*reader);
  (void)read_type(object, {"excludeServer"});
  (void)object.one_of("scope", "first", {"first"});
  ServerCorrelation correlation{object.required_text("otherServiceName")};
  object.finish();
  return correlation;
}

// What the driver will do with it for each server.
std::string read_server_options(ObjectReader& object) {
  auto options = read_line(object, "serverOptions", "");
  if (const auto why = why_no_server_options(options)) object.error("serverOptions", *why);
  return options;
}

std::string read_name(ObjectReader& object, const WatcherConfig& watcher) {
  if (const auto given = object.find("name")) {
    auto name = given->text();
    if (!name.empty() && !common::is_server_name(name)) {
      given->error("must consist of letters, digits and _ . : -, 200 at most, got " + common::quote_for_log(name));
    }
    if (!name.empty()) return name;
  }
  const auto* zookeeper = std::get_if<ZookeeperWatcherConfig>(&watcher);
  if (zookeeper == nullptr) {
    object.error("name", "is missing: only the path of a zookeeper watcher gives one");
    return {};
  }
  if (zookeeper->path.empty()) return {};  // reported already
  std::string name = zookeeper->path.substr(1);
  std::replace(name.begin(), name.end(), '/', '_');
  if (!common::is_server_name(name)) {
    object.self().error("needs a name: its path " + common::quote_for_log(zookeeper->path) +
                        " gives none that HAProxy takes");
  }
  return name;
}

}  // namespace

ServiceConfig read_service(const Reader& reader, const ServiceDefaults& defaults, const ParseOptions& options) {
  ObjectReader object(reader);
  ServiceConfig service;
  service.watcher = read_watcher_of(object, options);
  service.name = read_name(object, service.watcher);
  service.sort = read_sort(object);
  service.correlation = read_correlation(object);
  service.pool = read_pool_rules(object, options);
  service.server_options = read_server_options(object);
  service.disabled = object.boolean("disabled", false);
  if (defaults.router_type == "haproxy") {
    read_haproxy_keys(object, service, defaults);
  } else {
    ignore_haproxy_keys(object);
  }
  object.finish();
  return service;
}

}  // namespace synapse
