// Base64 with the alphabet for URLs (RFC 4648, section 5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace common {

// With padding.
[[nodiscard]] std::string encode_base64_url(std::string_view bytes);

// With or without padding; nothing when a character is foreign or the length impossible.
[[nodiscard]] std::optional<std::string> decode_base64_url(std::string_view text);

}  // namespace common
