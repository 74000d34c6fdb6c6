// Masks what may be a secret in the values of a configuration, before they are shown to anybody. It goes by names and
// by places, and rather masks too much: what is masked becomes "***". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace common {

// The key of a password, a token or the like; not that of a file which holds one.
[[nodiscard]] bool is_secret_key(std::string_view key);

// A header whose value is no secret with anybody: all others may be one.
[[nodiscard]] bool is_harmless_header(std::string_view name);

// What looks like a password within any text: in user:password@ after "://" or at the beginning, and after "password="
// and its kin.
[[nodiscard]] std::string mask_secrets(std::string_view text);

// Also the whole query of a URL or of a path.
[[nodiscard]] std::string mask_url(std::string_view text);

// A data source of a database or a broker.
[[nodiscard]] std::string mask_datasource(const std::string& text);

// The arguments of a command: also what follows an option with a telling name (--password X, -a X), header values,
// request bodies, and the queries of http URLs. An argument with blanks in it is taken for a line of a shell.
[[nodiscard]] std::vector<std::string> mask_command(std::vector<std::string> arguments);

// A line of HAProxy's configuration: also the passwords of users and of `stats auth`, values of the environment, keys
// of converters and of cookies, the arguments of a program's command, and what stands behind Authorization and its kin.
[[nodiscard]] std::string mask_haproxy_line(std::string_view line);

}  // namespace common
