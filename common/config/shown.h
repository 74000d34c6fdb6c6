// A configuration as it may be shown to anybody who can reach the admin API. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/config/document.h"

namespace common {

// Documents whose roots belong into a list of another one, which may not be there yet.
struct ShownInside {
  std::vector<std::string> path;  // of the list: keys, without case, and indices
  std::vector<Document> documents;
};

// The document as JSON with its secrets masked as "***", by key and within texts; mask.h says what counts as one. All
// values of `environment`, `body`, the queries in `path` and `urls`, and the values of `headers` that are not known to
// be harmless are masked, too. What is `inside` is appended to its list.
[[nodiscard]] std::string shown(const Document& document, const std::vector<ShownInside>& inside);

}  // namespace common
