#include "common/registration/registration.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/registration/base64.h"
#include "common/registration/fields.h"
#include "common/registration/serverset.h"
#include "common/registration/validate.h"

namespace common {
namespace {

constexpr std::size_t max_data = 64 * 1024;
constexpr std::size_t max_reason = 500;
constexpr std::size_t max_labels = 64;
constexpr std::size_t max_id = 64;
constexpr int max_weight = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The encoded record in a child's name; nothing when the name is an ordinary one.
std::optional<std::string_view> encoded_part(std::string_view child) {
  constexpr std::string_view prefix = "base64_";
  if (child.substr(0, prefix.size()) != prefix) return std::nullopt;
  child.remove_prefix(prefix.size());
  const auto digits = child.find('_');
  constexpr std::size_t max_length_digits = 6;
  if (digits == std::string_view::npos || digits == 0 || digits > max_length_digits) return std::nullopt;
  std::size_t length = 0;
  for (const char c : child.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    length = length * 10 + static_cast<std::size_t>(c - '0');
  }
  child.remove_prefix(digits + 1);
  if (length == 0 || child.size() < length) return std::nullopt;
  // ZooKeeper's sequence number; negative once it has run over, absent when the node is not sequential.
  auto sequence = child.substr(length);
  if (!sequence.empty()) {
    if (sequence[0] != '_') return std::nullopt;
    sequence.remove_prefix(1);
    if (!sequence.empty() && sequence[0] == '-') sequence.remove_prefix(1);
    if (sequence.empty() || !std::all_of(sequence.begin(), sequence.end(), is_digit)) return std::nullopt;
  }
  return child.substr(0, length);
}

// Free text of somebody else's, fit for a log line and a page.
std::string tamed(std::string_view text) {
  std::string result(text.substr(0, max_reason));
  // Not through the middle of a character.
  if (text.size() > max_reason) {
    while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0) == 0x80) result.pop_back();
    if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xC0) result.pop_back();
    result += "...";
  }
  std::replace_if(
      result.begin(), result.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return result;
}

Error wrong(std::string_view field, const std::string& what) {
  return fail("field \"" + std::string(field) + "\": " + what);
}

// Fills a Registration from the fields, one after the other; stops at the first that is wrong.
class FieldReader {
 public:
  explicit FieldReader(const RecordFields& fields) : fields_(fields) {}

  Result<Registration> read() {
    available();
    registration_.unavailable_reason = tamed(text("unavailable_reason"));
    host();
    port();
    name();
    options();
    weight();
    labels();
    id("haproxy_server_id");
    if (registration_.id.empty()) id("id");
    if (error_) return *error_;
    return std::move(registration_);
  }

 private:
  const JsonScalar* find(std::string_view field) const {
    const auto found = fields_.values.find(field);
    if (found == fields_.values.end() || found->second.kind == JsonScalar::Kind::null) return nullptr;
    return &found->second;
  }

  void refuse(std::string_view field, const std::string& what) {
    if (!error_) error_ = wrong(field, what);
  }

  std::string text(std::string_view field) {
    const auto* value = find(field);
    if (value == nullptr) return {};
    if (value->kind == JsonScalar::Kind::text) return value->text;
    refuse(field, "must be a string, is " + value->shown());
    return {};
  }

  void available() {
    const auto* value = find("available");
    if (value == nullptr) return;
    if (value->kind != JsonScalar::Kind::boolean) {
      refuse("available", "must be true or false, is " + value->shown());
      return;
    }
    registration_.available = value->text == "true";
  }

  void host() {
    if (find("host") == nullptr) {
      refuse("host", "is missing");
      return;
    }
    registration_.host = text("host");
    const auto& host = registration_.host;
    if (!is_ip_address(host) && !is_host_name(host)) {
      refuse("host", "neither an IP address nor a host name: " + quote_for_log(host));
    } else if (is_any_address(host)) {
      // To HAProxy this means "wherever the client wanted to go".
      refuse("host", quote_for_log(host) + " is no address of a server");
    }
  }

  void port() {
    const auto* value = find("port");
    if (value == nullptr) {
      refuse("port", "is missing");
      return;
    }
    const bool number = value->kind == JsonScalar::Kind::integer || value->kind == JsonScalar::Kind::text;
    constexpr std::size_t max_digits = 5;
    const auto& digits = value->text;
    const bool plain =
        number && !digits.empty() && digits.size() <= max_digits && std::all_of(digits.begin(), digits.end(), is_digit);
    const int port = plain ? std::stoi(digits) : 0;
    if (port < 1 || port > 65535) {
      refuse("port", "must be a number between 1 and 65535, is " + value->shown());
      return;
    }
    registration_.port = port;
  }

  void name() {
    registration_.name = text("name");
    if (error_) return;
    if (registration_.name.empty()) {
      registration_.name = registration_.host + ":" + std::to_string(registration_.port);
    }
    if (!is_server_name(registration_.name)) {
      refuse("name", "only letters, digits and _ . : - are allowed, 200 at most: " + quote_for_log(registration_.name));
    }
  }

  void options() {
    registration_.haproxy_server_options = text("haproxy_server_options");
    const auto words = parse_server_options(registration_.haproxy_server_options);
    if (!words) refuse("haproxy_server_options", words.error().message);
  }

  void weight() {
    const auto* value = find("weight");
    if (value == nullptr) return;
    if (value->kind != JsonScalar::Kind::integer || value->text[0] == '-') {
      refuse("weight", "must be a whole number of 0 or more, is " + value->shown());
      return;
    }
    // Airbnb's weights have no upper bound, HAProxy's have.
    constexpr std::size_t max_digits = 3;
    registration_.weight = value->text.size() > max_digits ? max_weight : std::min(max_weight, std::stoi(value->text));
  }

  void labels() {
    if (const auto* value = find("labels"); value != nullptr && value->kind != JsonScalar::Kind::object) {
      refuse("labels", "must be an object, is " + value->shown());
      return;
    }
    if (fields_.labels.size() > max_labels) {
      refuse("labels", "more than " + std::to_string(max_labels));
      return;
    }
    for (const auto& [key, value] : fields_.labels) {
      if (value.kind == JsonScalar::Kind::null) continue;
      if (value.kind == JsonScalar::Kind::object || value.kind == JsonScalar::Kind::list) {
        refuse("labels", "the value of " + quote_for_log(key) + " must be a string, is " + value.shown());
      } else if (!is_label_name(key)) {
        refuse("labels", "bad name " + quote_for_log(key));
      } else if (!is_label_value(value.text)) {
        refuse("labels", "bad value of " + quote_for_log(key) + ": " + quote_for_log(value.text));
      } else {
        registration_.labels.emplace(key, value.text);
      }
    }
  }

  // A nicety of Airbnb's; others use the name for other things, so what does not fit is passed over.
  void id(std::string_view field) {
    const auto* value = find(field);
    if (value == nullptr) return;
    const bool usable = value->kind == JsonScalar::Kind::integer || value->kind == JsonScalar::Kind::text;
    if (usable && value->text.size() <= max_id && is_server_name(value->text)) registration_.id = value->text;
  }

  const RecordFields& fields_;
  Registration registration_;
  std::optional<Error> error_;
};

}  // namespace

std::string encode(const Registration& registration) {
  nlohmann::ordered_json record;
  record["available"] = registration.available;
  if (!registration.unavailable_reason.empty()) record["unavailable_reason"] = registration.unavailable_reason;
  record["host"] = registration.host;
  record["port"] = registration.port;
  if (!registration.name.empty()) record["name"] = registration.name;
  if (!registration.haproxy_server_options.empty()) {
    record["haproxy_server_options"] = registration.haproxy_server_options;
  }
  if (registration.weight) record["weight"] = *registration.weight;
  if (!registration.labels.empty()) record["labels"] = registration.labels;
  if (!registration.id.empty()) record["id"] = registration.id;
  return record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<Registration> decode(std::string_view child, std::string_view data, std::string_view endpoint_name) {
  std::string from_name;
  if (const auto encoded = encoded_part(child)) {
    auto decoded = decode_base64_url(*encoded);
    if (!decoded) return fail("the name of the node holds no base64");
    from_name = std::move(*decoded);
    data = from_name;
  }
  if (data.empty()) return fail("empty data");
  if (data.size() > max_data) {
    return fail("more than " + std::to_string(max_data) + " bytes of data");
  }
  const auto fields = read_fields(data);
  if (!fields) return fields.error();
  if (!is_serverset(*fields)) return FieldReader(*fields).read();
  const auto flat = flatten_serverset(*fields, endpoint_name);
  if (!flat) return flat.error();
  return FieldReader(*flat).read();
}

bool is_path_encoded(std::string_view child) {
  return encoded_part(child).has_value();
}

std::string encode_into_name(const Registration& registration) {
  const auto text = encode_base64_url(encode(registration));
  return "base64_" + std::to_string(text.size()) + "_" + text + "_";
}

std::string node_name(std::string_view name, std::string_view host, int port) {
  const auto safe = [](std::string_view part) {
    std::string result(part);
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c == '_' || !is_server_name(std::string_view(&c, 1)); }, '-');
    return result;
  };
  return safe(name) + "_" + safe(host) + "_" + std::to_string(port);
}

}  // namespace common
