// A configuration as it may be shown to anybody who can reach the admin API. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/document.h"

namespace common {

// The document as JSON with its secrets masked as "***": values whose key tells of a password, token, secret or the
// like, the passwords in URLs and data sources, and password=... in any text. The roots of `more` are appended to the
// list that stands at the root's key `list`.
[[nodiscard]] std::string shown(const Document& document, std::string_view list, const std::vector<Document>& more);

// Masks what looks like a password within a text: in user:password@ after "://" or at the beginning, and after
// "password=" and its kin.
[[nodiscard]] std::string mask_secrets(std::string_view text);

}  // namespace common
