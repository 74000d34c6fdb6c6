// What a value of a document is, and how messages show it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/config/document_node.h"

namespace common {

// With a sign or without.
[[nodiscard]] bool is_whole_number(std::string_view text);

// YAML 1.1's words, which Go's decoder knows too, whatever their case.
[[nodiscard]] std::optional<bool> as_boolean(std::string_view text);

// Its beginning, when it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

// The value as it is shown behind "got".
[[nodiscard]] std::string shown(const DocumentNode& node);

// The kind of value, for where the value itself does not matter.
[[nodiscard]] std::string kind_of(const DocumentNode& node);

}  // namespace common
