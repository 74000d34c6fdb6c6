#include "common/admin/target.h"

#include <fmt/core.h>

#include "common/digits.h"
#include "common/registration/validate.h"

namespace common {
namespace {

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool read_port(std::string_view text, int& port) {
  const auto number = number_in<int>(text, 1, 65535);
  if (number) port = *number;
  return number.has_value();
}

}  // namespace

std::string AdminTarget::words() const {
  return socket.empty() ? host_port(host, port) : "unix:" + socket;
}

Result<AdminTarget> parse_admin_target(std::string_view text, int default_port) {
  constexpr std::string_view scheme = "unix:";
  AdminTarget target;
  const auto bad = [&] {
    return fail("--api must be HOST:PORT, unix:PATH or a path with a slash, got " + quote_for_log(text));
  };
  const bool with_scheme = text.starts_with(scheme);
  if (with_scheme || text.find('/') != std::string_view::npos) {
    target.socket = text.substr(with_scheme ? scheme.size() : 0);
    if (target.socket.empty()) return bad();
    return target;
  }
  target.port = default_port;
  std::string_view host = text;
  if (!is_ipv6_address(text)) {
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && !text.ends_with(']')) {
      if (!read_port(text.substr(colon + 1), target.port)) return bad();
      host = text.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  if (!is_ip_address(host) && !is_host_name(host)) return bad();
  target.host = host;
  return target;
}

Result<AdminTarget> configured_admin_target(const std::string& socket, const std::string& host, int port) {
  AdminTarget target;
  target.socket = socket;
  if (!socket.empty()) return target;
  if (port == 0) return fail("apiPort is 0, so nobody knows the port; give --api, or set apiSocket");
  target.port = port;
  target.host = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
  return target;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(static_cast<unsigned char>(c))) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace common
