// `serverOptions` of a service: words for every server's line, as a template of go-synapse's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace synapse {

// Knows {{.Name}}, {{sha1String .Name}} (40 hex digits) and {{randString 10}} (as many letters, 1 to 64). Random
// strings are the same for the same seed, server and place in the template, so that a configuration does not change by
// being written again. The error names what is not understood.
[[nodiscard]] common::Result<std::string> expand_server_options(std::string_view options, std::string_view server_name,
                                                                std::uint64_t seed);

// SHA-1 as hex digits (RFC 3174). For names that stay stable, not for anything secret.
[[nodiscard]] std::string sha1_hex(std::string_view text);

}  // namespace synapse
