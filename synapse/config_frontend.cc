// How applications reach a service of a haproxy router: its own frontend, and its lines in the shared one.
#include <algorithm>
#include <cctype>

#include "common/config/nearest.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"
#include "synapse/haproxy/words.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::quote_for_log;

// HAProxy takes 97 characters for a unix socket, and binds a temporary name beside it.
constexpr std::size_t kMaxSocketPath = 97;

// Configuration manual, "balance". Later versions may know more.
const std::vector<std::string> kBalances{"roundrobin", "static-rr", "leastconn",  "first",  "source",   "uri",
                                         "url_param",  "hdr",       "rdp-cookie", "random", "log-hash", "hash"};

// Words that HAProxy can split, and that do not end in a comment.
std::string read_words(ObjectReader& object, std::string_view key) {
  auto text = read_line(object, key, "");
  if (const auto words = haproxy::split_words(text); !words) {
    object.error(key, words.error().message);
  } else if (words->empty() && !text.empty()) {
    object.error(key, "says nothing");
  }
  return text;
}

void read_binding(ObjectReader& object, ServiceConfig& service) {
  service.bind_address = object.text("bindAddress", service.bind_address);
  if (!common::is_ip_address(service.bind_address) && !common::is_host_name(service.bind_address) &&
      service.bind_address != "*") {
    object.error("bindAddress", "must be an IP address, a host name or *, got " + quote_for_log(service.bind_address) +
                                    "; for a unix socket there is bindSocket");
  }
  service.port = static_cast<int>(object.integer("port", 0, {0, 65535}));
  service.bind_socket = read_line(object, "bindSocket", "");
  if (!service.bind_socket.empty()) check_socket_path(object, "bindSocket", service.bind_socket);
  service.bind_options = read_words(object, "bindOptions");
  if (!service.bind_options.empty() && service.port == 0 && service.bind_socket.empty()) {
    object.error("bindOptions", "needs port or bindSocket");
  }
}

void read_balance(ObjectReader& object, ServiceConfig& service) {
  service.balance = read_words(object, "balance");
  if (service.balance.empty()) return;
  const auto known = service.balance.substr(0, service.balance.find_first_of(" \t("));
  if (std::find(kBalances.begin(), kBalances.end(), known) != kBalances.end()) return;
  const auto near = common::nearest(known, kBalances);
  object.find("balance")->warn("is not known here: " + quote_for_log(known) +
                               (near ? "; did you mean " + quote_for_log(*near) + "?" : ""));
}

void read_backend_name(ObjectReader& object, ServiceConfig& service) {
  service.backend_name = object.text("backendName", "");
  if (service.backend_name.empty() || common::is_server_name(service.backend_name)) return;
  object.error("backendName",
               "must consist of letters, digits and _ . : -, 200 at most, got " + quote_for_log(service.backend_name));
}

// Lines in which {{.Backend}} is the only thing in double braces.
void read_shared_lines(ObjectReader& object, ServiceConfig& service) {
  const auto list = object.find("sharedFrontend");
  if (!list) return;
  service.shared_frontend = read_lines(*list);
  const auto items = list->is_list() ? list->items() : std::vector<common::Reader>();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& line = service.shared_frontend[i];
    if (haproxy::begins_section(line)) items[i].error("must not begin a section");
    for (auto at = line.find("{{"); at != std::string::npos; at = line.find("{{", at + 1)) {
      if (line.compare(at, kBackendPlaceholder.size(), kBackendPlaceholder) == 0) continue;
      items[i].error("only " + std::string(kBackendPlaceholder) + " is known in double braces");
      break;
    }
  }
}

}  // namespace

void check_socket_path(ObjectReader& object, std::string_view key, const std::string& path) {
  const auto strange = [](unsigned char c) {
    return c <= 0x20 || c == 0x7F || std::string_view("\"'\\#$,@").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!path.starts_with('/')) {
    object.error(key, "must be an absolute path, got " + quote_for_log(path));
  } else if (std::any_of(path.begin(), path.end(), strange)) {
    object.error(key, "must not contain white space or any of \" ' \\ # $ , @");
  } else if (path.size() > kMaxSocketPath) {
    object.error(
        key, "must be at most " + std::to_string(kMaxSocketPath) + " characters, got " + std::to_string(path.size()));
  }
}

void read_haproxy_keys(ObjectReader& object, ServiceConfig& service, const ServiceDefaults& defaults) {
  read_backend_name(object, service);
  if (const auto reader = object.find("routerOptions")) {
    ObjectReader lines(*reader);
    service.frontend_lines = read_lines(lines, "frontend");
    service.backend_lines = read_lines(lines, "backend");
    lines.finish();
  }
  read_shared_lines(object, service);
  read_binding(object, service);
  service.mode = object.one_of("mode", "", {"tcp", "http"});
  read_balance(object, service);
  service.declare_empty = object.boolean("declareEmpty", defaults.declare_empty);
  read_live_keys(object, service);
}

void ignore_haproxy_keys(ObjectReader& object) {
  for (const auto* key : {"backendName", "routerOptions", "sharedFrontend", "bindAddress", "port", "bindSocket",
                          "bindOptions", "mode", "balance", "declareEmpty"}) {
    object.ignore(key);
  }
  ignore_live_keys(object);
}

}  // namespace synapse
