#include "nerve/check/http_options.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "common/config/reader.h"
#include "common/registration/validate.h"
#include "nerve/check/http_expectation.h"

namespace nerve {
namespace {

using common::ObjectReader;

constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string read_path(ObjectReader& object, std::string path) {
  path = object.text("path", path);
  const auto forbidden = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '#'; };
  if (std::any_of(path.begin(), path.end(), forbidden)) {
    object.error("path", "must not contain a space, a '#' or a control character; write it percent-encoded");
  }
  if (!path.starts_with('/')) path.insert(0, "/");
  return path;
}

std::string read_method(ObjectReader& object, const std::string& fallback) {
  std::string method = object.text("method", fallback);
  const bool upper = std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (method.empty() || !upper || method == "CONNECT") {
    object.error("method", "must be an HTTP method such as GET, HEAD or POST, got " + common::quote_for_log(method));
  }
  return method;
}

std::map<std::string, std::string> read_headers(ObjectReader& object) {
  auto headers = object.text_map("headers");
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) {
      object.error("headers", "must have names of letters, digits and '-', got " + common::quote_for_log(name));
    } else if (has_control_character(value)) {
      object.error("headers", "must not contain a control character, the value of " + name + " does");
    }
    for (const std::string_view ours : {"Connection", "Content-Length", "Transfer-Encoding"}) {
      if (same_name(name, ours)) object.error("headers", std::string(ours) + " is for nerve to say; leave it out");
    }
  }
  return headers;
}

StatusRanges read_expected_status(ObjectReader& object) {
  const auto value = object.find("expectStatus");
  if (!value) return {};
  std::string text;
  if (value->is_list()) {
    for (const auto& item : value->items()) text += (text.empty() ? "" : ",") + item.text();
  } else {
    text = value->text();
  }
  auto ranges = StatusRanges::parse(text);
  if (ranges) return *std::move(ranges);
  value->error(ranges.error().message + ", got " + common::quote_for_log(text));
  return {};
}

std::string read_expected_body(ObjectReader& object) {
  std::string text = object.text("expectBody", "");
  if (const auto pattern = BodyPattern::parse(text); !pattern) {
    object.error("expectBody", pattern.error().message);
    return {};
  }
  return text;
}

std::string read_unix_socket(ObjectReader& object) {
  std::string path = object.text("unixSocket", "");
  if (path.empty()) return path;
  if (!path.starts_with('/') || path.size() > kLongestSocketPath || has_control_character(path)) {
    object.error("unixSocket", "must be an absolute path of at most " + std::to_string(kLongestSocketPath) +
                                   " bytes, got " + common::quote_for_log(path));
  }
  return path;
}

}  // namespace

TlsOptions read_tls(ObjectReader& object) {
  TlsOptions tls;
  tls.ca_file = object.text("caFile", tls.ca_file);
  tls.verify = object.boolean("verify", !tls.ca_file.empty());
  if (!tls.verify && !tls.ca_file.empty()) {
    object.error("caFile", "has no effect with verify: false; leave one of them out");
  }
  tls.server_name = object.text("serverName", tls.server_name);
  if (!tls.server_name.empty() && !common::is_host_name(tls.server_name)) {
    object.error("serverName", "must be a host name, got " + common::quote_for_log(tls.server_name));
  }
  return tls;
}

HttpOptions read_http_options(ObjectReader& object) {
  HttpOptions options;
  options.path = read_path(object, options.path);
  options.method = read_method(object, options.method);
  options.headers = read_headers(object);
  options.body = object.text("body", options.body);
  options.expect_status = read_expected_status(object);
  options.expect_body = read_expected_body(object);
  options.follow_redirects = object.boolean("followRedirects", options.follow_redirects);
  options.unix_socket = read_unix_socket(object);
  return options;
}

}  // namespace nerve
