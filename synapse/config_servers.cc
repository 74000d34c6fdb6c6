#include "synapse/config_servers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/config/document.h"
#include "common/digits.h"
#include "common/registration/validate.h"
#include "synapse/config_parts.h"

namespace synapse {
namespace {

using common::ObjectReader;
using common::Reader;
using common::Registration;

constexpr std::size_t max_labels = 64;
constexpr int max_weight = 256;

// Why the host is none; empty: it is one.
std::string why_no_host(const std::string& host) {
  if (!common::is_ip_address(host) && !common::is_host_name(host)) {
    return "must be an IP address or a host name, got " + common::quote_for_log(host);
  }
  // To HAProxy this means "wherever the client wanted to go".
  if (common::is_any_address(host)) return common::quote_for_log(host) + " is no address of a server";
  return {};
}

// "host:port" or "[::1]:port".
void read_short_form(const Reader& item, Registration& registration) {
  const auto text = item.text();
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto digits = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  const auto port = common::number_in(digits, 1, 65535);
  // Without brackets nobody can tell where an IPv6 address ends.
  if (!port || common::is_ipv6_address(host) != brackets) {
    item.error("must be host:port ([...]:port for IPv6) or a mapping, got " + common::quote_for_log(text));
    return;
  }
  if (const auto why = why_no_host(host); !why.empty()) item.error(why);
  registration.host = host;
  registration.port = *port;
}

void read_labels(ObjectReader& object, Registration& registration) {
  const auto labels = object.find("labels");
  if (!labels) return;
  for (const auto& [name, value] : labels->members()) {
    const auto text = value.text();
    if (!common::is_label_name(name)) {
      value.error("the name of a label has 1 to 128 characters");
    } else if (!common::is_label_value(text)) {
      value.error("must have 1024 characters at most, none of them a control character");
    } else {
      registration.labels.emplace(name, text);
    }
  }
  if (registration.labels.size() > max_labels) labels->error("must be " + std::to_string(max_labels) + " at most");
}

void read_options(ObjectReader& object, Registration& registration) {
  for (const auto* key : {"haproxy_server_options", "haproxyServerOptions"}) {
    const auto value = object.find(key);
    if (!value) continue;
    registration.haproxy_server_options = value->text();
    const auto words = common::parse_server_options(registration.haproxy_server_options);
    if (!words) value->error(words.error().message);
  }
}

void read_address(ObjectReader& object, Record& record) {
  auto& registration = *record.registration;
  if (const auto socket = object.find("socket")) {
    record.socket = socket->text();
    if (!common::is_socket_path(record.socket)) {
      socket->error("must be an absolute path of letters, digits and _ . / -, 107 at most, got " +
                    common::quote_for_log(record.socket));
    }
    if (object.has("host") || object.has("port"))
      socket->error("takes the place of host and port: give one or the other");
    return;
  }
  registration.host = object.required_text("host");
  if (const auto why = why_no_host(registration.host); !registration.host.empty() && !why.empty()) {
    object.error("host", why);
  }
  registration.port = static_cast<int>(object.required_integer("port", {1, 65535}));
}

std::string name_without_name(const Record& record) {
  if (record.socket.empty()) return record.registration->host + ":" + std::to_string(record.registration->port);
  std::string name = record.socket.substr(1);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

void read_mapping(const Reader& item, Record& record) {
  auto& registration = *record.registration;
  ObjectReader object(item);
  registration.name = object.text("name", "");
  if (!registration.name.empty() && !common::is_server_name(registration.name)) {
    object.error("name", "must consist of letters, digits and _ . : -, 200 at most, got " +
                             common::quote_for_log(registration.name));
  }
  read_address(object, record);
  if (object.has("weight")) registration.weight = static_cast<int>(object.integer("weight", 0, {0, max_weight}));
  read_labels(object, registration);
  read_options(object, registration);
  for (const auto* key : {"haproxy_server_id", "id"}) {
    if (const auto id = object.text(key, ""); registration.id.empty() && common::is_server_name(id)) {
      registration.id = id;
    }
  }
  registration.available = object.boolean("available", true);
  registration.unavailable_reason = read_line(object, "unavailable_reason", "");
  object.finish();
}

Record read_server(const Reader& item, std::size_t index) {
  // Not the whole path: a service that moves to another place in its file is the same.
  const auto& path = item.path();
  Record record{.child = path.substr(path.rfind('.') + 1), .registration = Registration()};
  record.created_zxid = static_cast<std::int64_t>(index);
  if (item.is_mapping() || item.is_list()) {
    read_mapping(item, record);
  } else {
    read_short_form(item, *record.registration);
  }
  if (record.registration->name.empty()) record.registration->name = name_without_name(record);
  return record;
}

}  // namespace

std::vector<Record> read_servers(const Reader& list) {
  std::vector<Record> records;
  for (const auto& item : list.items()) records.push_back(read_server(item, records.size()));
  return records;
}

common::Result<std::vector<Record>> parse_servers(std::string_view text, const std::string& file) {
  const auto document = common::Document::parse(text, file);
  if (!document) return document.error();
  common::Diagnostics diagnostics;
  const Reader root(*document, diagnostics);
  std::vector<Record> records;
  for (const auto& item : root.items()) {
    const auto known = diagnostics.errors.size();
    records.push_back(read_server(item, records.size()));
    if (diagnostics.errors.size() > known) records.back().registration = common::fail(diagnostics.errors[known]);
  }
  if (!root.is_list()) return common::fail(diagnostics.errors.front());
  return records;
}

}  // namespace synapse
