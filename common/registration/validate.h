// The allow-lists for what comes out of the registry. HAProxy's own parser is no guard: a newline in a name gives a
// valid configuration with a section of the attacker's, a '$' is expanded from the environment, 'localhost:80' is
// registered and never served. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace common {

// [A-Za-z0-9_.:-], 1 to 200 characters: what HAProxy takes as a server name in the configuration and on its socket.
[[nodiscard]] bool is_server_name(std::string_view text);

// An IPv4 or IPv6 address as inet_pton reads it (no "127.1", no brackets, no zone).
[[nodiscard]] bool is_ip_address(std::string_view text);
[[nodiscard]] bool is_ipv6_address(std::string_view text);
// 0.0.0.0 or ::, in any notation: to HAProxy "the address that the client wanted".
[[nodiscard]] bool is_any_address(std::string_view text);

// 127.0.0.0/8, ::1, or the name localhost.
[[nodiscard]] bool is_loopback(std::string_view host);

// A host name by RFC 1123 (labels of letters, digits, '-' and '_', 253 characters at most) that is not all digits and
// dots.
[[nodiscard]] bool is_host_name(std::string_view text);

// The path of a unix socket as it can stand in an HAProxy configuration: absolute, letters, digits and _ . / -, as long
// as the kernel takes it (107). Only for what the operator of this machine wrote: a record must not name one.
[[nodiscard]] bool is_socket_path(std::string_view text);

// A label of a record: its name has 1 to 128 characters, its value 1024 at most; neither has control characters.
[[nodiscard]] bool is_label_name(std::string_view text);
[[nodiscard]] bool is_label_value(std::string_view text);

// host:port with brackets around an IPv6 address: how HAProxy's configuration and `add server` want it.
[[nodiscard]] std::string host_port(std::string_view host, int port);

// Splits and checks the words of `haproxy_server_options` against the allowed server keywords of HAProxy's
// configuration manual, section 5.2, each with the shape of its argument. Anything that could name a file, read the
// environment, change the address or redirect traffic is refused. The error names the word.
[[nodiscard]] Result<std::vector<std::string>> parse_server_options(std::string_view options);
// Whether the word behind an allowed keyword is its value: for walking over what parse_server_options() gave.
[[nodiscard]] bool server_option_has_value(std::string_view keyword);

// Quoted, control characters and non-ASCII escaped, cut to about 60 characters: for putting an untrusted value into a
// message.
[[nodiscard]] std::string quote_for_log(std::string_view text);

}  // namespace common
