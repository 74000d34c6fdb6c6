// A configuration as it may be shown to anybody who can reach the admin API. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/document.h"

namespace common {

// Documents whose roots belong into a list of another one, which may not be there yet.
struct ShownInside {
  std::vector<std::string> path;  // of the list: keys, without case, and indices
  std::vector<Document> documents;
};

// The document as JSON with its secrets masked as "***": values whose key tells of a password, token, secret or the
// like, the passwords in URLs and data sources, and password=... in any text. What is `inside` is appended to its list.
[[nodiscard]] std::string shown(const Document& document, const std::vector<ShownInside>& inside);

// Masks what looks like a password within a text: in user:password@ after "://" or at the beginning, after "password="
// and its kin, and in lines of an HAProxy configuration that name users.
[[nodiscard]] std::string mask_secrets(std::string_view text);

}  // namespace common
