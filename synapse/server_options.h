// `serverOptions` of a service: words for every server's line, as a template of go-synapse's. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace synapse {

// Knows {{.Name}}, {{sha1String .Name}} (40 hex digits), {{randString 10}} (as many letters, 1 to 64) and
// {{.Labels.NAME}}, a label of the server. Random strings are the same for the same seed, server and place in the
// template, so that a configuration does not change by being written again. The error names what is not understood, or
// the label that the server does not have in a form that fits: letters, digits and _ . : -, 64 at most.
[[nodiscard]] common::Result<std::string> expand_server_options(std::string_view options, std::string_view server_name,
                                                                const std::map<std::string, std::string>& labels,
                                                                std::uint64_t seed);

// What is wrong with a template, for the configuration: a form that is not understood, words that HAProxy could not
// split, a label at a place where nobody can say whether its value is harmless (it comes from the registry). It may be
// all or a part of the value of weight, sni, verifyhost, check-sni, and of the keywords that a record may have itself,
// but for `id`.
[[nodiscard]] std::optional<std::string> why_no_server_options(std::string_view options);

// Whether the words may differ from server to server at all.
[[nodiscard]] bool is_template(std::string_view options);

// Whether the template names labels at all.
[[nodiscard]] bool names_labels(std::string_view options);

// Why the words of a good template do not fit a server with these labels (one is missing, or no value for its keyword);
// nothing: they do.
[[nodiscard]] std::optional<std::string> why_options_do_not_fit(std::string_view options, std::string_view server_name,
                                                                const std::map<std::string, std::string>& labels);

// SHA-1 as hex digits (RFC 3174). For names that stay stable, not for anything secret.
[[nodiscard]] std::string sha1_hex(std::string_view text);

}  // namespace synapse
