#include "nerve/admin/target.h"

#include <charconv>

#include <fmt/core.h>

#include "common/registration/validate.h"

namespace nerve {
namespace {

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool read_port(std::string_view text, int& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

}  // namespace

std::string AdminTarget::words() const {
  return socket.empty() ? common::host_port(host, port) : "unix:" + socket;
}

common::Result<AdminTarget> parse_admin_target(std::string_view text) {
  constexpr std::string_view scheme = "unix:";
  AdminTarget target;
  const auto bad = [&] {
    return common::fail("--api must be HOST:PORT, unix:PATH or a path with a slash, got " +
                        common::quote_for_log(text));
  };
  const bool with_scheme = text.starts_with(scheme);
  if (with_scheme || text.find('/') != std::string_view::npos) {
    target.socket = text.substr(with_scheme ? scheme.size() : 0);
    if (target.socket.empty()) return bad();
    return target;
  }
  std::string_view host = text;
  if (!common::is_ipv6_address(text)) {
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && !text.ends_with(']')) {
      if (!read_port(text.substr(colon + 1), target.port)) return bad();
      host = text.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  if (!common::is_ip_address(host) && !common::is_host_name(host)) return bad();
  target.host = host;
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

}  // namespace nerve
